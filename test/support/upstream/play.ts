import { DEFAULT_TOKENS, endpointOf, tokenText } from "./answers.ts"
import { callsOf, demandsTool, exactCalls, SCHEMA_ANSWER } from "./calls.ts"
import type { Dialect, Setup } from "./dialect.ts"
import { dialects } from "./dialects.ts"
import { loopScript } from "./loop.ts"
import { numbersOf } from "./numbers.ts"
import type { RecordedRequest } from "./request.ts"
import { isSetting, type Op, parseMs, parseSize } from "./script.ts"
import { roundsOf } from "./seen.ts"
import { streamVoice, type Voice, wholeVoice } from "./voice.ts"
import type { Wire } from "./wire.ts"

const CHATTY = new Set(["/chat/completions", "/completions"])
const CLOSERS = new Set(["done", "fin", "cut", "rst", "status", "json", "html", "empty"])

const argOf = (ops: readonly Op[], name: Op["name"]) => ops.find((op) => op.name === name)?.arg
const asOp = (name: Op["name"], arg = "", params: Op["params"] = {}): Op => ({ name, arg, params })

const isChat = (record: RecordedRequest) =>
  record.address.dialect === "chat"
    ? CHATTY.has(endpointOf(record))
    : record.address.operation === "chat"

/** Plays a script as the answer to `record`. Returns when the answer is over, one way or another. */
export async function play(ops: readonly Op[], record: RecordedRequest, wire: Wire): Promise<void> {
  const dialect = dialects[record.address.dialect]
  const type = argOf(ops, "type")
  const headers = {
    "x-request-id": `req_up${record.index}`,
    ...(type !== undefined && { "content-type": type }),
  }
  let steps = ops.filter((op) => !isSetting(op))
  const slow = argOf(ops, "slow")
  if (slow !== undefined) await wire.pause(parseMs(slow))

  const interim = argOf(ops, "interim")
  if (interim !== undefined) await wire.interim(Number(interim || 103))

  const wrong = record.json && isChat(record) ? dialect.check(record) : undefined
  if (wrong !== undefined) {
    return answerStatus(dialect, wire, headers, asOp("status", "400", { message: wrong }))
  }
  const only = steps.every((op) => op.name === "ok")
  if (!isChat(record) && (only || record.address.dialect !== "chat")) {
    const answer = dialect.plain(record)
    if (!answer) return answerStatus(dialect, wire, headers, asOp("status", "404"))
    return answerWhole(wire, 200, { "content-type": answer.type, ...headers }, answer.body)
  }
  const loop = steps.find((op) => op.name === "loop")
  if (loop) {
    const limits = {
      plain: Object.hasOwn(loop.params, "plain"),
      lost: Object.hasOwn(loop.params, "lost"),
    }
    const next = loopScript(dialect, record, Number(loop.arg || 3), limits)
    if (typeof next === "string") {
      return answerStatus(dialect, wire, headers, asOp("status", "400", { message: next }))
    }
    steps = [...next]
  }
  const script = only ? [asOp("role"), asOp("tok", `${DEFAULT_TOKENS}`), asOp("done")] : steps

  let status = 200
  let reasoning = 0
  const use = ops.find((op) => op.name === "use")
  const setup: Setup = {
    record,
    step: roundsOf(dialect.read(record)).length,
    numbers: () => numbersOf(record, reasoning, use),
  }
  const voiced = {
    wire,
    headers,
    status: () => status,
    crlf: ops.some((op) => op.name === "crlf"),
    terminal: !ops.some((op) => op.name === "nodone"),
  }
  const voice = record.stream
    ? streamVoice(dialect.stream(setup), voiced)
    : wholeVoice(dialect, setup, voiced)
  const ping = record.stream ? argOf(ops, "ping") : undefined
  const pinger =
    ping === undefined ? undefined : setInterval(() => voice.comment("ping"), parseMs(ping))

  try {
    for (const op of script) {
      if (wire.closed) return
      if (op.name === "hdr") status = Number(op.arg || 200)
      if (op.name === "think") reasoning += Number(op.arg || 1)
      if (await close(op, setup, dialect, wire, voice, headers, status)) return
      await say(op, setup, dialect, wire, voice)
    }
    if (!wire.closed && !CLOSERS.has(script.at(-1)?.name ?? "")) await voice.end()
  } finally {
    clearInterval(pinger)
  }
}

/** Ops that produce a part of the answer. */
async function say(
  op: Op,
  { record, step }: Setup,
  dialect: Dialect,
  wire: Wire,
  voice: Voice,
): Promise<void> {
  switch (op.name) {
    case "hdr":
      return voice.begin()
    case "role":
      return voice.role()
    case "tok":
    case "think": {
      const [count = "1", gap] = (op.arg || "1").split("@")
      for (let n = 0; n < Number(count) && !wire.closed; n++) {
        if (gap !== undefined && n > 0) await wire.pause(parseMs(gap))
        await (op.name === "tok" ? voice.text(tokenText(n)) : voice.think(`thought ${n} `))
        if (!wire.closed) record.tokens++
      }
      return
    }
    case "redact":
      return voice.redact()
    case "refuse":
      for (let n = 0; n < Number(op.arg || 1); n++) await voice.refuse(tokenText(n))
      return
    case "tool": {
      const has = (name: string) => Object.hasOwn(op.params, name)
      const shape = {
        exact: has("exact"),
        plain: has("plain"),
        same: has("same"),
        empty: has("empty"),
        step,
      }
      const calls = callsOf(record, dialect.tools(record), Number(op.arg || 1), shape)
      return voice.tools(calls, { mix: has("mix"), part: has("part"), whole: has("whole") })
    }
    case "schema": {
      const manner = { mix: false, part: false, whole: false }
      const [call] = callsOf(record, dialect.tools(record), 1, {})
      if (!call || !demandsTool(record)) return voice.text(SCHEMA_ANSWER)
      return voice.tools([{ ...call, args: SCHEMA_ANSWER }], manner)
    }
    case "finish":
      return voice.finish(op.arg || "stop")
    case "usage":
      return voice.usage()
    case "err":
      return voice.error(op.arg || "server")
    case "line":
      return voice.text("x".repeat(parseSize(op.arg || "1m")))
    case "junk":
      return voice.junk()
    case "comment":
      return voice.comment(op.arg || "comment")
    case "raw":
      return voice.raw(unescaped(op.arg))
    case "gate":
      return Promise.race([record.gate.opened, wire.pause(Number.POSITIVE_INFINITY)])
    case "stall":
      return wire.pause(parseMs(op.arg))
  }
}

/** Ops that end the answer. @returns whether `op` was one. */
async function close(
  op: Op,
  { record }: Setup,
  dialect: Dialect,
  wire: Wire,
  voice: Voice,
  headers: Record<string, string>,
  status: number,
): Promise<boolean> {
  switch (op.name) {
    case "ok":
    case "done":
      await voice.done()
      return true
    case "fin":
      if (wire.started) await voice.end()
      wire.cut()
      return true
    case "cut":
      await voice.half()
      wire.cut()
      return true
    case "rst":
      if (wire.started) await voice.half()
      wire.reset()
      return true
    case "status":
      await answerStatus(dialect, wire, headers, op)
      return true
    case "json":
      await answerWhole(wire, status, { "content-type": "application/json", ...headers }, op.arg)
      return true
    case "say":
      await voice.role()
      await voice.text(op.arg)
      await voice.done()
      return true
    case "call":
      await voice.role()
      await voice.tools(exactCalls(record, op.arg), { mix: false, part: false, whole: false })
      await voice.done()
      return true
    case "html":
      await answerWhole(
        wire,
        status,
        { "content-type": "text/html", ...headers },
        "<!doctype html><title>Bad gateway</title><h1>A proxy on the way is not well</h1>",
      )
      return true
    case "empty":
      await answerWhole(wire, status, { "content-type": "application/json", ...headers }, "")
      return true
    default:
      return false
  }
}

const KINDS: Readonly<Record<string, string>> = {
  "400": "invalid_request",
  "401": "invalid_api_key",
  "404": "model_not_found",
  "429": "rate_limit",
  "503": "overloaded",
}

async function answerStatus(
  dialect: Dialect,
  wire: Wire,
  headers: Record<string, string>,
  op: Op,
): Promise<void> {
  const { ra, ram, code, message } = op.params
  const kind = code ?? KINDS[op.arg] ?? "server"
  const more = { ...(message && { message }), ...(ra !== undefined && { after: ra }) }
  const error = dialect.error(kind, Number(op.arg || 500), more)
  const all = {
    "content-type": "application/json",
    ...(ra !== undefined && { "retry-after": ra }),
    ...(ram !== undefined && { "retry-after-ms": ram }),
    ...error.headers,
    ...headers,
  }
  await answerWhole(wire, Number(op.arg || 500), all, JSON.stringify(error.body))
}

/** A whole answer with a content-length. */
export async function answerWhole(
  wire: Wire,
  status: number,
  headers: Readonly<Record<string, string>>,
  body: string | Uint8Array,
): Promise<void> {
  const bytes = typeof body === "string" ? Buffer.from(body) : body
  if (!wire.started) await wire.head(status, headers, bytes.length)
  await wire.body(bytes)
  await wire.end()
}

const unescaped = (text: string) =>
  text.replace(/\\(n|r|x[0-9a-f]{2})/gi, (_, code: string) =>
    code === "n"
      ? "\n"
      : code === "r"
        ? "\r"
        : String.fromCharCode(Number.parseInt(code.slice(1), 16)),
  )
