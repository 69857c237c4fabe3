// What is put into the executable in another form than the packages have it, for its size: code that
// runs once in a while needs no bytecode, which is three times as large as the code.
import { basename } from "node:path"
import { packVocabulary } from "../../src/governance/vocabulary-file.ts"

/** Slow and small: this is done once, when the executable is built. */
const LEVEL = 22

/** What has been packed, by what it was made of: two builds put the same in. */
const packed = new Map<string, Uint8Array>()

async function packOnce(name: string, make: () => Promise<Uint8Array>): Promise<Uint8Array> {
  const bytes = packed.get(name) ?? (await make())
  packed.set(name, bytes)
  return bytes
}

const pack = (bytes: Uint8Array | string) => Bun.zstdCompressSync(bytes, { level: LEVEL })

/** Vocabularies in the form that `vocabulary-file.ts` reads as well. */
const vocabularies: Bun.BunPlugin = {
  name: "vocabularies",
  setup(build) {
    build.onLoad({ filter: /\.tiktoken$/ }, async ({ path }) => ({
      contents: await packOnce(path, async () => packVocabulary(await Bun.file(path).text())),
      loader: "file",
    }))
  },
}

/** What browsers get, in the form that `server/swagger/asset.ts` reads as well. */
const pages: Bun.BunPlugin = {
  name: "pages",
  setup(build) {
    build.onLoad({ filter: /\/swagger-ui-dist\/.*\.(js|css)$/ }, async ({ path }) => ({
      contents: await packOnce(path, async () => pack(await Bun.file(path).bytes())),
      loader: "file",
    }))
  },
}

/** The source of a module that takes a packed text apart when it is loaded. */
const unpacking = (name: string, rest: string) => `
import packed from ${JSON.stringify(name)} with { type: "file" }
import { readFileSync } from "node:fs"
const unpacked = Bun.zstdDecompressSync(readFileSync(packed)).toString()
${rest}`

/** Texts that modules take apart, by the name under which they are imported. */
const texts = new Map<string, string>()

const packedTexts: Bun.BunPlugin = {
  name: "packed texts",
  setup(build) {
    build.onResolve({ filter: /^packed-/ }, ({ path }) => ({ path, namespace: "packed" }))
    build.onLoad({ filter: /./, namespace: "packed" }, async ({ path }) => ({
      contents: await packOnce(path, async () => pack(texts.get(path)!)),
      loader: "file",
    }))
  },
}

/** What the table of prices says to people alone: more than a third of its room. */
const REMARKS = ["description", "price_comments", "pricing_urls"]

/** The table of prices as JSON; as a program it is seven times as large. */
const prices: Bun.BunPlugin = {
  name: "prices",
  setup(build) {
    build.onLoad({ filter: /\/genai-prices\/dist\/index\.js$/ }, async ({ path }) => {
      const source = await Bun.file(path).text()
      const [, name, table] = /^const (\w+) = (\[\n.*?\n\])(?=[,;])/s.exec(source) ?? []
      if (!name || !table) throw new Error(`${path} does not begin with its table any more`)
      const value: unknown = new Function(`return ${table}`)()
      if (!Bun.deepEquals(JSON.parse(JSON.stringify(value)), value)) {
        throw new Error(`${path} is more than JSON`)
      }
      const rest = source.slice(`const ${name} = ${table}`.length)
      const read = REMARKS.find((remark) => rest.includes(remark))
      if (read) throw new Error(`${path} reads the remark ${read}`)
      const text = JSON.stringify(value, (key, part) => (REMARKS.includes(key) ? undefined : part))
      texts.set("packed-prices.json", text)
      const contents = unpacking(
        "packed-prices.json",
        `const ${name} = JSON.parse(unpacked)${rest}`,
      )
      return { contents, loader: "js" }
    })
  },
}

/** What is said of mistakes in configs: tables of texts. */
const mistakes: Bun.BunPlugin = {
  name: "mistakes",
  setup(build) {
    build.onLoad({ filter: /\/config\/codes\/(file|name|secret|value)\.ts$/ }, async ({ path }) => {
      const exports = Object.entries((await import(path)) as Record<string, unknown>)
      const file = `packed-${basename(path, ".ts")}-codes.json`
      texts.set(file, JSON.stringify(exports.map(([, table]) => table)))
      const names = exports.map(([name]) => name).join(", ")
      const contents = unpacking(file, `export const [${names}] = JSON.parse(unpacked)`)
      return { contents, loader: "js" }
    })
  },
}

/** What `init` writes. */
const written: Bun.BunPlugin = {
  name: "written",
  setup(build) {
    build.onLoad({ filter: /\/llmrouter(-env\.d|\.config)\.ts$/ }, async ({ path }) => {
      const file = `packed-${basename(path)}.txt`
      texts.set(file, await Bun.file(path).text())
      return { contents: unpacking(file, "export default unpacked"), loader: "js" }
    })
  },
}

/** Packages that few starts need: of programs, documents, questions at a terminal, tokens and addresses. */
const RARE = [
  "@babel/parser",
  "@clack/prompts",
  "gpt-tokenizer/BytePairEncodingCore",
  "ipaddr.js",
  "yaml",
]

/** These as texts, which take some milliseconds to be compiled and a fifth of the room. */
const rare: Bun.BunPlugin = {
  name: "rare",
  async setup(build) {
    for (const name of RARE) {
      const path = Bun.resolveSync(name, import.meta.dir)
      // Not when it is asked for: a build inside of another one waits for it for ever.
      const built = await Bun.build({
        entrypoints: [path],
        format: "cjs",
        target: "node",
        minify: true,
      })
      const file = `packed-${name.replaceAll(/\W/g, "-")}.js`
      texts.set(file, await built.outputs[0]!.text())
      const names = Object.keys(await import(path)).filter((each) => each !== "default")
      const contents = unpacking(
        file,
        `const module = { exports: {} }
new Function("module", "exports", "require", unpacked)(module, module.exports, import.meta.require)
export const { ${names.join(", ")} } = module.exports
export default module.exports`,
      )
      build.onLoad({ filter: new RegExp(`^${RegExp.escape(path)}$`) }, () => ({
        contents,
        loader: "js",
      }))
    }
  },
}

/** What packages import for features that the router does not use: looks of another page, types of uploads. */
const unused: Bun.BunPlugin = {
  name: "unused",
  setup(build) {
    const filter = /^(@scalar\/themes|file-type)$/
    build.onResolve({ filter }, ({ path }) => ({ path, namespace: "unused" }))
    build.onLoad({ filter: /./, namespace: "unused" }, ({ path }) => ({
      contents: path === "file-type" ? "" : 'export const elysiajsTheme = ""',
      loader: "js",
    }))
  },
}

/** All of these. */
export const embedded: Bun.BunPlugin[] = [
  vocabularies,
  pages,
  packedTexts,
  prices,
  mistakes,
  written,
  rare,
  unused,
]
