import { readdirSync, readFileSync } from "node:fs"
import { availableParallelism } from "node:os"

/** The core of what is measured, and the core of everything else. */
export const MEASURED_CORE = "0"
export const OTHER_CORE = "1"

// USER_HZ, which is 100 wherever Linux has run for the last twenty years.
const TICKS_PER_SECOND = 100

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

/** Keeps this process, with all its threads, off the core of what is measured. */
export function stepAside(): void {
  Bun.spawnSync(["taskset", "--all-tasks", "--cpu-list", "--pid", OTHER_CORE, String(process.pid)])
}

/** The command line that runs a program on these cores. */
export function pinned(cores: string, command: readonly string[]): string[] {
  const [program = "", ...args] = command
  const limits = ["prlimit", `--nofile=${OPEN_FILES}:`]
  return ["taskset", "--cpu-list", cores, ...limits, findProgram(program) ?? program, ...args]
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

/** Runs a program of the bench on the other core, to its end. @throws when it fails. */
export async function runAside<Report>(program: string, args: readonly unknown[]): Promise<Report> {
  const command = [process.execPath, `${import.meta.dir}/${program}`, ...args.map(String)]
  const child = Bun.spawn(pinned(OTHER_CORE, command), { stderr: "inherit" })
  const output = await new Response(child.stdout).text()
  if ((await child.exited) !== 0) throw new Error(`${program} failed: ${output}`)
  return JSON.parse(output)
}

/** The fields of `/proc/<pid>/stat` behind the name in brackets, which may hold spaces. */
function statOf(pid: number): string[] | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, "utf8")
    return stat.slice(stat.lastIndexOf(")") + 2).split(" ")
  } catch {
    return undefined // It has ended meanwhile.
  }
}

/** A process and all that it started, and they in turn. */
function family(root: number): number[] {
  const children = new Map<number, number[]>()
  for (const name of readdirSync("/proc")) {
    const pid = Number(name)
    const parent = Number(pid ? statOf(pid)?.[1] : undefined)
    if (parent) children.set(parent, [...(children.get(parent) ?? []), pid])
  }
  const all = [root]
  for (const pid of all) all.push(...(children.get(pid) ?? []))
  return all
}

/** CPU time of a process with all its threads and descendants so far, in microseconds. */
export function cpuTime(pid: number): number {
  let ticks = 0
  // utime and stime.
  for (const each of family(pid)) {
    const fields = statOf(each)
    ticks += Number(fields?.[11] ?? 0) + Number(fields?.[12] ?? 0)
  }
  return (ticks / TICKS_PER_SECOND) * 1_000_000
}

/** Resident memory of a process and its descendants, in bytes. What they share counts once for each. */
export function memory(pid: number): number {
  let kilobytes = 0
  for (const each of family(pid)) {
    try {
      const status = readFileSync(`/proc/${each}/status`, "utf8")
      kilobytes += Number(/^VmRSS:\s+(\d+)/m.exec(status)?.[1] ?? 0)
    } catch {
      // It has ended meanwhile.
    }
  }
  return kilobytes * 1024
}

/** Holds a process and its descendants still, or lets them go on. */
export function hold(pid: number, still: boolean): void {
  for (const each of family(pid)) {
    try {
      process.kill(each, still ? "SIGSTOP" : "SIGCONT")
    } catch {
      // It has ended meanwhile.
    }
  }
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

/** Waits for a program's first 200. @returns the milliseconds it took. @throws when it ends before */
export function answers(running: Running, url: string, since: number): Promise<number> {
  const ended = running.exited.then((status): never => {
    throw new Error(`the program for ${url} ended with status ${status} before it answered`)
  })
  return Promise.race([firstAnswer(url, since), ended])
}
