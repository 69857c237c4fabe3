import { existsSync } from "node:fs"
import { mkdir, rm } from "node:fs/promises"
import { join } from "node:path"
import { lastWords } from "./last-words.ts"
import type { Peer } from "./peer.ts"

/** The half of a peer that brings it onto the machine. */
type Installed = Pick<Peer, "source" | "installed" | "install">

/** Says which package the folder holds, and that its installation came to its end. */
const MARK = "installed.txt"

/** A package and its version, as the marker and people call it. */
function nameOf({ package: name, version }: Peer["source"]): string {
  return `${name} ${version}`
}

/** Installs by steps into an empty folder, so that nothing half or old is ever measured. */
function bySteps(source: Peer["source"], steps: (cache: string) => Promise<unknown>): Installed {
  return {
    source,
    async installed(cache) {
      const mark = join(cache, MARK)
      return existsSync(mark) && (await Bun.file(mark).text()) === nameOf(source)
    },
    async install(cache) {
      await rm(cache, { recursive: true, force: true })
      await mkdir(cache, { recursive: true })
      await steps(cache)
      await Bun.write(join(cache, MARK), nameOf(source))
    },
  }
}

/** Runs an installer, with the lowest priority. @throws what it said last when it fails. */
async function run(
  command: readonly string[],
  cwd: string,
  env: Readonly<Record<string, string>> = {},
): Promise<void> {
  const child = Bun.spawn(["nice", "-n", "19", ...command], {
    cwd,
    env: { ...process.env, ...env },
    stdin: "ignore",
    stdout: "ignore",
    stderr: "pipe",
  })
  const said = await new Response(child.stderr).text()
  if ((await child.exited) !== 0) throw new Error(lastWords(said) || `${command[0]} failed`)
}

/** A package of npm. `overrides` names the versions of what it needs, where its own choice does not work. */
export function fromNpm(name: string, version: string, overrides = {}): Installed {
  return bySteps({ registry: "npm", package: name, version }, async (cache) => {
    const manifest = { private: true, dependencies: { [name]: version }, overrides }
    await Bun.write(join(cache, "package.json"), JSON.stringify(manifest))
    await run(["npm", "install", "--ignore-scripts", "--no-audit", "--no-fund"], cache)
  })
}

/** A package of PyPI, in an environment of its own: its programs are in `<cache>/bin`. */
export function fromPypi(name: string, version: string, extras = ""): Installed {
  return bySteps({ registry: "pypi", package: name, version }, async (cache) => {
    await run(["python3", "-m", "venv", cache], cache)
    const requirement = `${name}${extras}==${version}`
    await run([join(cache, "bin/pip"), "install", "--prefer-binary", requirement], cache)
  })
}

/** A program of crates.io, built here by one job: `<cache>/bin/<name>`. */
export function fromCargo(name: string, version: string): Installed {
  return bySteps({ registry: "cargo", package: name, version }, (cache) =>
    run(
      ["cargo", "install", "--locked", "--jobs", "1", "--root", cache, "--version", version, name],
      cache,
    ),
  )
}

/** A program of a Go module, built here: `<cache>/bin/<the last part of its path>`. */
export function fromGo(module: string, version: string, program = ""): Installed {
  return bySteps({ registry: "go", package: module, version }, (cache) =>
    run(["go", "install", `${module}${program}@${version}`], cache, { GOBIN: join(cache, "bin") }),
  )
}
