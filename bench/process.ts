import { existsSync, readFileSync } from "node:fs"
import { availableParallelism } from "node:os"
import { adopt } from "./family.ts"

/** The core of what is measured, and the core of everything else. */
export const MEASURED_CORE = "0"
export const OTHER_CORE = otherCore()

/** The first core that does not share its machinery with the measured one; where all do, the next. */
function otherCore(): string {
  const path = `/sys/devices/system/cpu/cpu${MEASURED_CORE}/topology/thread_siblings_list`
  const ranges = existsSync(path) ? readFileSync(path, "utf8").trim().split(",") : []
  const shared = (core: number) =>
    ranges.some((range) => {
      const [from = 0, to = from] = range.split("-").map(Number)
      return core >= from && core <= to
    })
  const cores = Array.from({ length: availableParallelism() }, (_, core) => core)
  return String(cores.find((core) => core > 0 && !shared(core)) ?? 1)
}

/** Open files that every program may have: 1,000 connections in, and as many out. */
const OPEN_FILES = 8192

/** A process that the bench started. */
export interface Running {
  pid: number
  /** Its status, when it has ended. */
  exited: Promise<number>
  stop(): Promise<void>
}

/** Debian's packages of programs that are called otherwise. */
const PACKAGES: Readonly<Record<string, string>> = { taskset: "util-linux", prlimit: "util-linux" }

/** Says which programs are missing, before anything is measured. */
export function requirePrograms(names: readonly string[]): void {
  if (process.platform !== "linux") throw new Error("the bench reads /proc, so it needs Linux")
  if (availableParallelism() < 2) throw new Error("the bench needs two cores")
  const missing = names.filter((name) => !findProgram(name))
  if (missing.length > 0) {
    const packages = new Set(missing.map((name) => PACKAGES[name] ?? name))
    throw new Error(
      `the bench needs ${missing.join(" and ")}: \`apt-get install ${[...packages].join(" ")}\``,
    )
  }
}

/** Where a program is; servers are often outside of a person's PATH. */
export function findProgram(name: string): string | null {
  return Bun.which(name, { PATH: `${process.env["PATH"]}:/usr/sbin:/usr/local/sbin` })
}

/** Keeps this process off the core of what is measured, and lets what it starts open enough files. */
export function stepAside(): void {
  const pid = String(process.pid)
  Bun.spawnSync(["taskset", "--all-tasks", "--cpu-list", "--pid", OTHER_CORE, pid])
  const limits = ["prlimit", "--pid", pid, `--nofile=${OPEN_FILES}:`]
  if (!Bun.spawnSync(limits, { stderr: "inherit" }).success) {
    throw new Error(`the bench needs ${OPEN_FILES} open files: \`ulimit -Hn\` allows fewer`)
  }
}

/** The command line that runs a program on these cores. */
export function pinned(cores: string, command: readonly string[]): string[] {
  const [program = "", ...args] = command
  return ["taskset", "--cpu-list", cores, findProgram(program) ?? program, ...args]
}

/** Starts a program on these cores. Its output goes nowhere, but for errors. */
export function start(
  cores: string,
  command: readonly string[],
  cwd: string,
  env: Readonly<Record<string, string>> = {},
): Running {
  const child = Bun.spawn(pinned(cores, command), {
    cwd,
    env: { ...process.env, ...env },
    stdin: "ignore",
    stdout: "ignore",
    stderr: "inherit",
  })
  adopt(child)
  return {
    pid: child.pid,
    exited: child.exited,
    async stop() {
      child.kill("SIGTERM")
      const late = setTimeout(() => child.kill("SIGKILL"), 10_000)
      await child.exited
      clearTimeout(late)
    },
  }
}

/** Runs a program of the bench on these cores, to its end. @throws when it fails. */
export async function runProgram<Report>(
  cores: string,
  program: string,
  args: readonly unknown[] = [],
): Promise<Report> {
  const command = [process.execPath, `${import.meta.dir}/${program}`, ...args.map(String)]
  const child = Bun.spawn(pinned(cores, command), { stderr: "inherit" })
  adopt(child)
  const output = await new Response(child.stdout).text()
  if ((await child.exited) !== 0) throw new Error(`${program} failed: ${output}`)
  return JSON.parse(output)
}

/** The same on the core of the load. */
export function runAside<Report>(program: string, args: readonly unknown[]): Promise<Report> {
  return runProgram(OTHER_CORE, program, args)
}

/** A port that was free a moment ago. */
export async function freePort(): Promise<number> {
  const listener = Bun.listen({ hostname: "127.0.0.1", port: 0, socket: { data() {} } })
  const { port } = listener
  listener.stop(true)
  return port
}

/** Waits for the first 200, or until the signal says that none will come. @returns the milliseconds it took. */
export async function firstAnswer(
  url: string,
  since: number,
  init: RequestInit = {},
): Promise<number> {
  while (!init.signal?.aborted && performance.now() - since < 60_000) {
    const ok = await fetch(url, init).then(
      async (response) => {
        await response.arrayBuffer()
        return response.ok
      },
      () => false,
    )
    if (ok) return performance.now() - since
    await Bun.sleep(1)
  }
  throw new Error(`no answer from ${url} for 60 s`)
}

/** Waits for a program's first 200. @returns the milliseconds it took. @throws when it does not come up */
export async function answers(running: Running, url: string, since: number): Promise<number> {
  const ended = running.exited.then((status): never => {
    throw new Error(`the program for ${url} ended with status ${status} before it answered`)
  })
  try {
    return await Promise.race([firstAnswer(url, since), ended])
  } catch (error) {
    await running.stop()
    throw error
  }
}
