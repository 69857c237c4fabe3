import { DEFAULT_TOKENS, endpointOf, plainAnswer, tokenText } from "./answers.ts"
import type { RecordedRequest } from "./request.ts"
import { isSetting, type Op, parseMs, parseSize } from "./script.ts"
import { errorBody, streamVoice, type Voice, wholeVoice } from "./voices.ts"
import type { Wire } from "./wire.ts"

const CHATTY = new Set(["/chat/completions", "/completions"])
const CLOSERS = new Set(["done", "fin", "cut", "rst", "status", "json", "html", "empty"])

const argOf = (ops: readonly Op[], name: Op["name"]) => ops.find((op) => op.name === name)?.arg
const asOp = (name: Op["name"], arg = ""): Op => ({ name, arg, params: {} })

/** Plays a script as the answer to `record`. Returns when the answer is over, one way or another. */
export async function play(ops: readonly Op[], record: RecordedRequest, wire: Wire): Promise<void> {
  const type = argOf(ops, "type")
  const headers = {
    "x-request-id": `req_up${record.index}`,
    ...(type !== undefined && { "content-type": type }),
  }
  const steps = ops.filter((op) => !isSetting(op))
  const slow = argOf(ops, "slow")
  if (slow !== undefined) await wire.pause(parseMs(slow))

  const only = steps.every((op) => op.name === "ok")
  if (only && !CHATTY.has(endpointOf(record))) {
    const answer = plainAnswer(record)
    if (!answer) return answerStatus(wire, headers, asOp("status", "404"))
    return answerWhole(wire, 200, { "content-type": answer.type, ...headers }, answer.body)
  }
  const script = only ? [asOp("role"), asOp("tok", `${DEFAULT_TOKENS}`), asOp("done")] : steps

  let status = 200
  let reasoning = 0
  const setup = { record, wire, headers, status: () => status, reasoning: () => reasoning }
  const voice = record.stream
    ? streamVoice(setup, {
        crlf: ops.some((op) => op.name === "crlf"),
        done: !ops.some((op) => op.name === "nodone"),
      })
    : wholeVoice(setup)
  const ping = record.stream ? argOf(ops, "ping") : undefined
  const pinger =
    ping === undefined ? undefined : setInterval(() => voice.raw(": ping\n\n"), parseMs(ping))

  try {
    for (const op of script) {
      if (wire.closed) return
      if (op.name === "hdr") status = Number(op.arg || 200)
      if (op.name === "think") reasoning += Number(op.arg || 1)
      if (await close(op, wire, voice, headers, status)) return
      await say(op, record, wire, voice)
    }
    if (!wire.closed && !CLOSERS.has(script.at(-1)?.name ?? "")) await voice.end()
  } finally {
    clearInterval(pinger)
  }
}

/** Ops that produce a part of the answer. */
async function say(op: Op, record: RecordedRequest, wire: Wire, voice: Voice): Promise<void> {
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
    case "tool":
      return voice.tools(Number(op.arg || 1))
    case "finish":
      return voice.finish(op.arg || "stop")
    case "usage":
      return voice.usage()
    case "err":
      return voice.error(op.arg || "server")
    case "line":
      return voice.text("x".repeat(parseSize(op.arg || "1m")))
    case "junk":
      return voice.raw('data: {"id":"junk","choices":[{"index":0,"delta":{"cont\n\n')
    case "comment":
      return voice.raw(`: ${op.arg || "comment"}\n\n`)
    case "raw":
      return voice.raw(unescaped(op.arg))
    case "stall":
      return wire.pause(parseMs(op.arg))
  }
}

/** Ops that end the answer. @returns whether `op` was one. */
async function close(
  op: Op,
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
      await answerStatus(wire, headers, op)
      return true
    case "json":
      await answerWhole(wire, status, { "content-type": "application/json", ...headers }, op.arg)
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

async function answerStatus(wire: Wire, headers: Record<string, string>, op: Op): Promise<void> {
  const { ra, ram, code, message } = op.params
  const { error } = errorBody(code ?? KINDS[op.arg] ?? "server")
  const body = JSON.stringify({ error: { ...error, ...(message && { message }) } })
  const all = {
    "content-type": "application/json",
    ...(ra !== undefined && { "retry-after": ra }),
    ...(ram !== undefined && { "retry-after-ms": ram }),
    ...headers,
  }
  await answerWhole(wire, Number(op.arg || 500), all, body)
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
