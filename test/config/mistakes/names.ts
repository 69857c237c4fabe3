import { config, type Mistake, withDemo } from "./mistake.ts"

const local = '  providers: { local: { type: "ollama", models: ["qwen3:8b", "gemma3"] } },\n'

export const nameMistakes: readonly Mistake[] = [
  {
    title: "a provider that does not exist",
    code: "LR2041",
    source: withDemo('  groups: { fast: ["⟦dmo⟧/demo"] },'),
    hint: "did you mean `demo`?",
    fix: "demo",
  },
  {
    title: "the same in the long form",
    code: "LR2041",
    source: withDemo('  groups: { fast: { models: [{ provider: ⟦"dmo"⟧, model: "demo" }] } },'),
    hint: "did you mean `demo`?",
    fix: '"demo"',
  },
  {
    title: "a model that the provider does not list",
    code: "LR2042",
    source: config(`${local}  groups: { fast: ["local/⟦qwen3:7b⟧"] },`),
    hint: "did you mean `qwen3:8b`?",
    fix: "qwen3:8b",
  },
  {
    title: "a default group that does not exist",
    code: "LR2043",
    source: withDemo('  groups: { fast: ["demo/demo"] },\n  defaultGroup: ⟦"fst"⟧,'),
    hint: "did you mean `fast`?",
    fix: '"fast"',
  },
  {
    title: "a fallback that does not exist",
    code: "LR2043",
    source: withDemo(
      '  groups: { fast: { models: ["demo/demo"], fallbacks: [⟦"slow"⟧] }, safe: ["demo/demo"] },',
    ),
    hint: "groups: `fast`, `safe`",
    fix: '"safe"',
  },
  {
    title: "a caller key for a group that does not exist",
    code: "LR2043",
    source: withDemo(
      '  groups: { fast: ["demo/demo"] },\n  auth: { keys: [{ key: "0123456789abcdef", name: "web", groups: [⟦"fats"⟧] }] },',
    ),
    hint: "did you mean `fast`?",
    fix: '"fast"',
  },
  {
    title: "a group that falls back to itself",
    code: "LR2044",
    source: withDemo('  groups: { fast: { models: ["demo/demo"], fallbacks: [⟦"fast"⟧] } },'),
    message: "falls back to itself",
    fix: "",
  },
  {
    title: "fallbacks in a circle",
    code: "LR2044",
    source: withDemo(
      `  groups: {
    a: { models: ["demo/demo"], fallbacks: ["b"] },
    b: { models: ["demo/demo"], fallbacks: ["c"] },
    c: { models: ["demo/demo"], fallbacks: [⟦"a"⟧] },
  },`,
    ),
    message: '"a" → "b" → "c" → "a"',
    fix: "",
  },
  {
    title: "a group without deployments",
    code: "LR2045",
    source: withDemo("  groups: { fast: ⟦[]⟧ },"),
    fix: '["demo/demo"]',
  },
  {
    title: "a deployment that comes twice",
    code: "LR2046",
    source: withDemo(
      '  groups: { fast: ["demo/demo", ⟦{ provider: "demo", model: "demo", weight: 2 }⟧] },',
    ),
    message: '"demo/demo" is in this group twice',
    fix: '"demo/other"',
  },
  {
    title: "a model without its provider",
    code: "LR2047",
    source: withDemo('  groups: { fast: [⟦"demo"⟧] },'),
    hint: 'add the model: `"demo/<model>"`',
    fix: '"demo/demo"',
  },
  {
    title: "a model without its provider, where only one can be meant",
    code: "LR2047",
    source: config(`${local}  groups: { fast: [⟦"qwen3:8b"⟧] },`),
    hint: 'did you mean `"local/qwen3:8b"`?',
    fix: '"local/qwen3:8b"',
  },
  {
    title: "a group inside a group",
    code: "LR2047",
    source: withDemo('  groups: { fast: ["demo/demo"], smart: [⟦"fast"⟧] },'),
    hint: 'fallbacks: ["fast"]',
    fix: '"demo/demo"',
  },
  {
    title: "a group with a slash in its name",
    code: "LR2048",
    source: withDemo('  groups: { ⟦"my/fast"⟧: ["demo/demo"] },'),
    hint: "`my-fast`",
    fix: '"my-fast"',
  },
  {
    title: "a group with a dollar sign in its name",
    code: "LR2048",
    source: withDemo("  groups: { ⟦fast$1⟧: ['demo/demo'] },"),
    fix: "fast1",
  },
  {
    title: "a provider with a slash in its name",
    code: "LR2049",
    source: config('  providers: { ⟦"eu/demo"⟧: { type: "demo" } },'),
    hint: "`eu-demo`",
    fix: '"eu-demo"',
  },
  {
    title: "no providers at all",
    code: "LR2050",
    source: config("  providers: ⟦{}⟧,"),
    hint: 'demo: { type: "demo" }',
    fix: '{ demo: { type: "demo" } }',
  },
  {
    title: "weights that are all 0",
    code: "LR2051",
    source: withDemo(
      '  groups: { fast: { strategy: "weighted", ⟦models⟧: [{ provider: "demo", model: "demo", weight: 0 }] } },',
    ),
    hint: "above 0",
    fix: (text) => text.replace("weight: 0", "weight: 1"),
  },
  {
    title: "unknown models sent to a default group that is not there",
    code: "LR2052",
    source: withDemo('  unknownModel: ⟦"default"⟧,'),
    hint: "add a group",
    fix: '"error"',
  },
  {
    title: "a group that can never be reached",
    code: "LR2053",
    source: withDemo('  groups: { fast: ["demo/demo"], ⟦auto⟧: ["demo/demo"] },'),
    hint: 'defaultGroup: "auto"',
    fix: "automatic",
  },
  {
    title: "a strategy that does not exist",
    code: "LR2054",
    source: withDemo('  groups: { fast: { strategy: ⟦"round-robbin"⟧, models: ["demo/demo"] } },'),
    hint: "did you mean `round-robin`?",
    fix: '"round-robin"',
  },
]
