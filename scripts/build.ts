// `bun run build [--target linux-arm64] [--outfile path]`: one executable with everything inside.
import { existsSync } from "node:fs"
import { mkdir, mkdtemp, rm, stat } from "node:fs/promises"
import { tmpdir } from "node:os"
import { basename, dirname, join, relative } from "node:path"
import { parseArgs } from "node:util"
import { gzipSync } from "node:zlib"
import { embedded } from "./build/embedded.ts"
import { recordOrder } from "./build/order.ts"

const root = join(import.meta.dir, "..")
const MEGABYTE = 1_000_000

/** Flags of the Bun runtime that the executable always starts with. */
const RUNTIME_FLAGS = [
  // Long cookies and traces of proxies in front of us; the default of 16 KB answers an empty 431.
  "--max-http-header-size=65536",
  // A rejection that nobody awaited must not end every stream in flight.
  "--unhandled-rejections=warn",
]

/** A worker runs inside the executable only if its file is an entry point of the build. */
async function workers(): Promise<string[]> {
  const files = await Array.fromAsync(new Bun.Glob("src/**/*worker.ts").scan(root))
  return files.sort().map((file) => join(root, file))
}

/** @param target this machine's where there is none @param order what is put together, by `recordOrder` */
async function compile(outfile: string, target?: string, order?: string): Promise<void> {
  const result = await Bun.build({
    entrypoints: [join(root, "src/cli/main.ts"), ...(await workers())],
    root,
    // Beside each other, as `new Worker(new URL("./x-worker.ts", import.meta.url).href)` expects them.
    naming: { entry: "[name].[ext]" },
    minify: true,
    // What a command loads when it needs it stays in files of its own, which a start need not read.
    splitting: true,
    bytecode: true,
    // Functions inside functions inside functions are compiled when they first run: few do at a start.
    bytecodeDepth: 2,
    format: "esm",
    plugins: embedded,
    // What Elysia and Bun.serve ask before they show a developer's error page.
    define: {
      "process.env.NODE_ENV": '"production"',
      "Bun.env.NODE_ENV": '"production"',
    },
    compile: {
      ...(target && { target: `bun-${target}` as Bun.Build.CompileTarget }),
      outfile,
      ...(order && { bytecodeOrder: order }),
      execArgv: RUNTIME_FLAGS,
      // Machine code for what runs once is work for nothing; `serving.ts` ends this.
      jitPolicy: 30,
      // A bunfig.toml in the working directory could run code; .env files are read by our own loader.
      autoloadBunfig: false,
      autoloadDotenv: false,
    },
  })
  for (const log of result.logs) console.error(String(log))
}

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: { target: { type: "string" }, outfile: { type: "string" } },
  })
  const target = values.target?.replace(/^bun-/, "")
  const name = target ? `llmrouter-${target}` : "llmrouter"
  const outfile = join(root, values.outfile ?? `dist/${name}`)
  await mkdir(dirname(outfile), { recursive: true })

  const started = performance.now()
  const folder = await mkdtemp(join(tmpdir(), "llmrouter-build-"))
  try {
    const first = join(folder, "llmrouter")
    await compile(first)
    await compile(outfile, target, await recordOrder(first, folder))
  } finally {
    await rm(folder, { recursive: true })
  }
  const seconds = (performance.now() - started) / 1000

  const file = existsSync(outfile) ? outfile : `${outfile}.exe`
  const { size } = await stat(file)
  const zipped = gzipSync(await Bun.file(file).bytes(), { level: 6 }).byteLength
  const megabytes = (bytes: number) => `${(bytes / MEGABYTE).toFixed(1)} MB`
  console.log(
    `${relative(root, file) || basename(file)}: ${megabytes(size)}, ${megabytes(zipped)} gzipped, built in ${seconds.toFixed(1)} s`,
  )
}

await main()
