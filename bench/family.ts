import { readdirSync, readFileSync } from "node:fs"

// USER_HZ, which is 100 wherever Linux has run for the last twenty years.
const TICKS_PER_SECOND = 100

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
  for (const each of family(pid)) send(each, still ? "SIGSTOP" : "SIGCONT")
}

function send(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal)
  } catch {
    // It has ended meanwhile.
  }
}

/** What runs now: nobody else would end it, or let it go on, when the bench is ended from outside. */
const children = new Set<number>()

/** Notes a process until it has ended. */
export function adopt(child: { pid: number; exited: Promise<number> }): void {
  children.add(child.pid)
  child.exited.then(
    () => children.delete(child.pid),
    () => children.delete(child.pid),
  )
}

/** Ends all that was started when this process is asked to end. */
export function endChildrenWithUs(): void {
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) {
    process.on(signal, () => {
      for (const each of [...children].flatMap(family)) send(each, "SIGKILL")
      process.exit(1)
    })
  }
}
