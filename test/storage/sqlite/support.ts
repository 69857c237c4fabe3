import { Database } from "bun:sqlite"
import { mkdtempSync, readdirSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { basename, dirname, join } from "node:path"
import type { StoredAnswer } from "../../../src/core/answer-store.ts"
import { type Clock, systemClock } from "../../../src/core/clock.ts"
import type { UsageRow } from "../../../src/core/ledger.ts"
import type { LogFields, Logger } from "../../../src/core/log.ts"
import { openDatabase } from "../../../src/storage/sqlite/database.ts"
import { openStorage } from "../../../src/storage/sqlite/open-storage.ts"

/** A complete row; what a test is about goes into `over`. */
export function usageRow(id: string, over: Partial<UsageRow> = {}): UsageRow {
  return {
    id,
    time: 1_790_000_000_000,
    key: null,
    operation: "chat",
    requested: "fast",
    group: "fast",
    deployment: "acme/large",
    channel: "acme/large#0",
    status: 200,
    error: null,
    stream: true,
    attempts: 1,
    ttft: 120.5,
    duration: 900.25,
    input: 1000,
    output: 200,
    cacheRead: 400,
    cacheWrite: 10,
    reasoning: 50,
    usage: "reported",
    cost: 1_234_567,

    wasted: 0,
    continued: 0,
    mirrorOf: null,
    route: null,
    client: "test/1.0",
    ...over,
  }
}

/** An id such as the router gives, the same for the same name. */
export function ownId(name: string, time = 1_790_000_000_000): string {
  const digits = new Bun.CryptoHasher("md5").update(name).digest("hex").slice(0, 19)
  return `req_${time.toString(16).padStart(12, "0")}7${digits}`
}

/** A complete stored answer that does not expire soon; what a test is about goes into `over`. */
export function storedAnswer(id: string, over: Partial<StoredAnswer> = {}): StoredAnswer {
  return {
    id,
    caller: null,
    protocol: "wire",
    created: 1_790_000_000_000,
    expires: 99_999_999_999_999,
    channel: null,
    input: `[{"type":"message","role":"user","content":"問い of ${id}"}]`,
    answer: `{"id":"${id}","output":[]}`,
    ...over,
  }
}

export interface LogLine {
  level: "debug" | "info" | "warn" | "error"
  message: string
  fields: LogFields
}

/** A clock that a test moves. */
export function movableClock(start: number) {
  let time = start
  const move = (by: number) => {
    time += by
  }
  return { wall: () => time, now: () => time, move }
}

/** A logger that remembers, and lets a test wait for a line. */
export function recordingLogger() {
  const lines: LogLine[] = []
  let watchers: { pattern: RegExp; resolve: (line: LogLine) => void }[] = []
  const write =
    (level: LogLine["level"]) =>
    (message: string, fields: LogFields = {}) => {
      const line = { level, message, fields }
      lines.push(line)
      for (const { resolve } of watchers.filter(({ pattern }) => pattern.test(message)))
        resolve(line)
      watchers = watchers.filter(({ pattern }) => !pattern.test(message))
    }
  const logger: Logger = {
    debug: write("debug"),
    info: write("info"),
    warn: write("warn"),
    error: write("error"),
    request: () => undefined,
  }
  return {
    logger,
    lines,
    matching: (pattern: RegExp) => lines.filter(({ message }) => pattern.test(message)),
    /** The next line that matches, or the last one that already did. */
    seen(pattern: RegExp): Promise<LogLine> {
      const line = lines.findLast(({ message }) => pattern.test(message))
      if (line) return Promise.resolve(line)
      return new Promise((resolve) => watchers.push({ pattern, resolve }))
    },
  }
}

/** A folder that goes away when its scope ends, with a path for a database in it. */
export function temporaryDatabase() {
  const folder = mkdtempSync(join(tmpdir(), "llmrouter-ledger-"))
  return {
    folder,
    path: join(folder, "usage.db"),
    [Symbol.dispose]: () => rmSync(folder, { recursive: true, force: true }),
  }
}

/** The storage over the path with a logger of its own, which it returns too. */
export async function open(path: string, clock: Clock = systemClock) {
  const log = recordingLogger()
  const storage = await openStorage({ path, logger: log.logger, clock })
  return { ...storage, log }
}

/** Makes a database without a row. */
export function makeDatabase(path: string): void {
  openDatabase(path, Date.now()).db.close()
}

/** Ids in the database, sorted. */
export function storedIds(path: string): string[] {
  using db = new Database(path, { readonly: true })
  const rows = db.query<{ id: string }, []>("SELECT id FROM usage ORDER BY id").all()
  return rows.map(({ id }) => id)
}

/** Names of journal and lock files beside the database. */
export function pendingFiles(path: string): string[] {
  return readdirSync(dirname(path))
    .filter((name) => name.startsWith(`${basename(path)}.pending-`))
    .sort()
}

/** Holds the database's write lock, as another program that works on the file would. */
export function holdLock(path: string) {
  const db = new Database(path)
  db.run("BEGIN IMMEDIATE")
  let held = true
  return {
    release() {
      if (!held) return
      held = false
      db.run("COMMIT")
      db.close()
    },
    [Symbol.dispose]() {
      this.release()
    },
  }
}

/** Starts `programs/<name>.ts` as a process, with its output as an iterator of lines. */
export function startProgram(name: string, ...args: string[]) {
  const child = Bun.spawn([process.execPath, join(import.meta.dir, "programs", name), ...args], {
    stdin: "pipe",
    stdout: "pipe",
    stderr: "inherit",
  })
  const lines = linesOf(child.stdout)
  const nextLine = async (): Promise<string | undefined> => (await lines.next()).value ?? undefined
  return {
    child,
    /** The next line; undefined at the end of the output. */
    nextLine,
    /** Resolves when the program has printed this line. */
    async printed(wanted: string) {
      for (let line = await nextLine(); line !== wanted; line = await nextLine()) {
        if (line === undefined) throw new Error(`${name} ended without printing ${wanted}`)
      }
    },
    /** `kill -9`. Resolves when the process is gone. */
    async kill() {
      child.kill("SIGKILL")
      await child.exited
    },
  }
}

async function* linesOf(stream: ReadableStream<Uint8Array>): AsyncGenerator<string, undefined> {
  let rest = ""
  for await (const text of stream.pipeThrough(new TextDecoderStream() as never)) {
    const parts = (rest + (text as unknown as string)).split("\n")
    rest = parts.pop() ?? ""
    yield* parts
  }
  return undefined
}
