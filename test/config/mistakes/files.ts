// biome-ignore-all lint/suspicious/noTemplateCurlyInString: placeholders of JSON and YAML configs
import { type Mistake, withDemo } from "./mistake.ts"

export const fileMistakes: readonly Mistake[] = [
  {
    title: "a brace that is missing",
    code: "LR2004",
    source: 'export default {\n  providers: { demo: { type: "demo" },\n}⟦⟧\n',
    fix: "}",
  },
  {
    title: "JSON that is not JSON",
    code: "LR2004",
    file: "llmrouter.config.json",
    source: '{\n  "providers": { "demo": { "type": ⟦demo⟧ } }\n}\n',
    hint: "double quotes",
    fix: '"demo"',
  },
  {
    title: "an import that does not exist",
    code: "LR2005",
    source: `import { fast } from ⟦"./model.ts"⟧\n${withDemo("  groups: { fast },")}`,
    files: { "models.ts": 'export const fast = ["demo/demo"]\n' },
    message: "./model.ts",
    fix: '"./models.ts"',
  },
  {
    title: "an export that does not exist",
    code: "LR2006",
    source: `import { ⟦fest⟧ } from "./models.ts"\n${withDemo("  groups: { fast: fest },")}`,
    files: { "models.ts": 'export const fast = ["demo/demo"]\n' },
    hint: "did you mean `fast`?",
    fix: "fast as fest",
  },
  {
    title: "a name that `llmrouter` does not have",
    code: "LR2006",
    source:
      'import { ⟦defineConfg⟧ } from "llmrouter"\n\nexport default defineConfg({ providers: { demo: { type: "demo" } } })\n',
    hint: "did you mean `defineConfig`?",
    fix: "defineConfig as defineConfg",
  },
  {
    title: "no default export",
    code: "LR2007",
    source: '⟦e⟧xport const config = { providers: { demo: { type: "demo" } } }\n',
    hint: "export default defineConfig",
    fix: (text) => text.replace("const config =", "default"),
  },
  {
    title: "an error that the config throws",
    code: "LR2008",
    source: `function port(text: string | undefined): number {
  if (!text) throw new ⟦TypeError⟧("no port")
  return Number(text)
}
export default { providers: { demo: { type: "demo" } }, server: { port: port(process.env["MY_PORT"]) } }
`,
    message: "TypeError: no port",
    fix: (text) => text.replace("throw new TypeError", "return 8080 //"),
  },
  {
    title: "a default export that is no config",
    code: "LR2010",
    source: 'export default ⟦["demo/demo"]⟧\n',
    message: "the config is a list, not an object",
    fix: '{ providers: { demo: { type: "demo" } } }',
  },
  {
    title: "an empty document",
    code: "LR2010",
    file: "llmrouter.config.yaml",
    source: "⟦\n⟧",
    message: "the config is empty",
    fix: "providers:\n  demo: { type: demo }\n",
  },
  {
    title: "a JSON key that comes twice",
    code: "LR2011",
    file: "llmrouter.config.jsonc",
    source:
      '{\n  // one\n  "providers": { "demo": { "type": "demo" } },\n  ⟦"providers"⟧: {},\n}\n',
    hint: "remove or rename",
    fix: (text) => text.replace('  "providers": {},\n', ""),
  },
  {
    title: "a YAML key that comes twice",
    code: "LR2011",
    file: "llmrouter.config.yaml",
    source: "providers:\n  demo: { type: demo }\n⟦providers⟧: {}\n",
    fix: (text) => text.replace("providers: {}\n", ""),
  },
  {
    title: "a variable of a JSON config that is not set",
    code: "LR2014",
    file: "llmrouter.config.json",
    source:
      '{\n  "providers": { "demo": { "type": "demo" } },\n  "server": { "host": "⟦${BIND}⟧" }\n}\n',
    message: "the environment variable BIND is not set",
    hint: "${BIND:-value}",
    fix: "${BIND:-127.0.0.1}",
  },
  {
    title: "a placeholder of a YAML config that cannot be one",
    code: "LR2014",
    file: "llmrouter.config.yml",
    source: 'providers:\n  demo: { type: demo }\nserver:\n  host: "a-⟦${not a name}⟧"\n',
    fix: "host",
  },
  {
    title: "a provider that does not exist, in YAML",
    code: "LR2041",
    file: "llmrouter.config.yaml",
    source: "providers:\n  demo: { type: demo }\ngroups:\n  fast:\n    - ⟦dmo⟧/demo\n",
    hint: "did you mean `demo`?",
    fix: "demo",
  },
  {
    title: "a wrong value in JSON with comments",
    code: "LR2023",
    file: "llmrouter.config.jsonc",
    source:
      '{\n  // the demo\n  "providers": { "demo": { "type": "demo" } },\n  "server": { "port": ⟦70000⟧, /* too many */ },\n}\n',
    fix: "7000",
  },
]
