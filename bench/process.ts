import { readFileSync } from "node:fs"
import { availableParallelism } from "node:os"

/** The core of what is measured, and the core of everything else. */
export const MEASURED_CORE = 0
export const OTHER_CORE = 1

// USER_HZ, which is 100 wherever Linux has run for the last twenty years.
const TICKS_PER_SECOND = 100

/** A process that the bench started. */
export interface Running {
  pid: number
  stop(): Promise<void>
}

/** Says which programs are missing, before anything is measured. */
export function requirePrograms(names: readonly string[]): void {
  if (process.platform !== "linux") throw new Error("the bench reads /proc, so it needs Linux")
  if (availableParallelism() < 2) throw new Error("the bench needs two cores")
  const missing = names.filter((name) => !findProgram(name))
  if (missing.length > 0) {
    const packages = missing.map((name) => (name === "taskset" ? "util-linux" : name))
    throw new Error(
      `the bench needs ${missing.join(" and ")}: \`apt-get install ${packages.join(" ")}\``,
    )
  }
}

function findProgram(name: string): string | null {
  return Bun.which(name, { PATH: `${process.env["PATH"]}:/usr/sbin:/usr/local/sbin` })
}

/** The command line that runs a program on one core. */
export function pinned(core: number, command: readonly string[]): string[] {
  const [program = "", ...args] = command
  return ["taskset", "--cpu-list", String(core), findProgram(program) ?? program, ...args]
}

/** Starts a program on one core. Its output goes nowhere, but for errors. */
export function start(core: number, command: readonly string[], cwd: string): Running {
  const child = Bun.spawn(pinned(core, command), {
    cwd,
    stdin: "ignore",
    stdout: "ignore",
    stderr: "inherit",
  })
  return {
    pid: child.pid,
    async stop() {
      child.kill("SIGTERM")
      await child.exited
    },
  }
}

/** CPU time of a process and all its threads so far, in microseconds. */
export function cpuTime(pid: number): number {
  const stat = readFileSync(`/proc/${pid}/stat`, "utf8")
  // The name in brackets may hold spaces; utime and stime are fields 14 and 15.
  const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ")
  return ((Number(fields[11]) + Number(fields[12])) / TICKS_PER_SECOND) * 1_000_000
}

/** Resident memory of a process in bytes: now, and at its highest. */
export function memory(pid: number): { now: number; peak: number } {
  const status = readFileSync(`/proc/${pid}/status`, "utf8")
  const kilobytes = (name: string) =>
    Number(new RegExp(`^${name}:\\s+(\\d+)`, "m").exec(status)?.[1] ?? 0)
  return { now: kilobytes("VmRSS") * 1024, peak: kilobytes("VmHWM") * 1024 }
}

/** A port that was free a moment ago. */
export async function freePort(): Promise<number> {
  const listener = Bun.listen({ hostname: "127.0.0.1", port: 0, socket: { data() {} } })
  const { port } = listener
  listener.stop(true)
  return port
}

/** Waits for the first 200. @returns the milliseconds it took. */
export async function firstAnswer(url: string, since: number): Promise<number> {
  while (performance.now() - since < 30_000) {
    const ok = await fetch(url).then(
      (response) => response.ok,
      () => false,
    )
    if (ok) return performance.now() - since
    await Bun.sleep(1)
  }
  throw new Error(`no answer from ${url} for 30 s`)
}
