/** One step of a scripted answer: its name, its main argument and its `;name=value` parameters. */
export interface Op {
  name: OpName
  arg: string
  params: Readonly<Record<string, string>>
}

/** Every op that a script may hold. Those in `GREEDY` take all that follows them, `|` included. */
export const OPS = {
  ok: "a good answer",
  hdr: "send the headers now, with this status (200)",
  role: "the role chunk",
  tok: "N tokens of text, N@5ms with pauses",
  think: "N tokens of reasoning",
  redact: "reasoning that only its maker can read, where the protocol has it",
  refuse: "a refusal of N tokens",
  tool: "N tool calls in fragments; `;exact` digits no float holds, `;plain` other arguments in each round, `;same` tool, `;empty` arguments, `;mix` interleaved, `;part` cut off, `;whole` in one piece",
  finish: "the finish reason, in Chat's words (stop)",
  usage: "the usage chunk, here, asked for or not",
  use: "tokens to report: ;input=11;read=3;write=0;long=0;output=5;reasoning=0;toolinput=0",
  done: "finish reason, usage (in Chat: when it was asked for), the protocol's end",
  schema: "a small document: as a call of the tool that is demanded, else as text",
  loop: "the next answer of a tool loop of N requests, after a look at what came back; `;plain` without odd digits, `;lost` without state",
  err: "an error event inside the stream",
  stall: "silence for a time, or for ever",
  gate: "silence until the test opens the recorded request's gate",
  fin: "end the body properly, without any terminal event, and close",
  cut: "close in the middle of the body",
  rst: "reset the connection",
  line: "one event with a text of this size (1m)",
  junk: "an event that is not JSON",
  comment: "one comment line",
  raw: "these bytes; \\n, \\r and \\xNN are unescaped",
  status: "an error answer: 429;ra=2;ram=1500;code=x;message=y",
  say: "an answer of exactly this text",
  call: 'an answer with exactly these calls: [{"name":"f","args":{}}]',
  json: "this JSON text, whatever was asked for",
  html: "a web page",
  empty: "a 200 without a body",
  split: "N bytes a write",
  gz: "gzip, flushed event by event",
  br: "brotli, flushed event by event",
  zstd: "Zstandard, flushed event by event",
  ping: "a comment at this interval until the answer ends",
  crlf: "CRLF line ends in the stream",
  slow: "a pause before the headers",
  interim: "an interim answer before the headers (103)",
  nodone: "no [DONE]",
  type: "this content-type",
} as const
export type OpName = keyof typeof OPS

const GREEDY: ReadonlySet<string> = new Set<OpName>(["json", "raw", "say", "call"])

const SETTINGS: ReadonlySet<OpName> = new Set([
  "split",
  "gz",
  "br",
  "zstd",
  "ping",
  "crlf",
  "slow",
  "interim",
  "nodone",
  "type",
  "use",
])

/** Whether an op changes how the answer is sent rather than what is in it. */
export const isSetting = (op: Op): boolean => SETTINGS.has(op.name)

const isOpName = (name: string): name is OpName => Object.hasOwn(OPS, name)

/** The ops of `text`, or undefined when it is an ordinary model name. @throws Error on a mistyped op. */
export function parseScript(text: string): Op[] | undefined {
  const ops: Op[] = []
  for (let rest = text; rest !== ""; ) {
    const name = /^[a-z]+/.exec(rest)?.[0] ?? ""
    const greedy = GREEDY.has(name)
    const stop = greedy ? -1 : rest.indexOf("|")
    const part = stop < 0 ? rest : rest.slice(0, stop)
    rest = stop < 0 ? "" : rest.slice(stop + 1)
    if (!isOpName(name) || !/^([:;]|$)/.test(part.slice(name.length))) {
      if (!text.includes("|")) return undefined
      throw new Error(`unknown op "${part}" in the script "${text}"`)
    }
    const body = part.slice(name.length).replace(/^:/, "")
    const [arg = "", ...pairs] = greedy || name === "type" ? [body] : body.split(";")
    const params = Object.fromEntries(
      pairs.map((pair) => {
        const at = pair.indexOf("=")
        return at < 0 ? [pair, ""] : [pair.slice(0, at), pair.slice(at + 1)]
      }),
    )
    ops.push({ name, arg, params })
  }
  return ops.length > 0 ? ops : undefined
}

/** `5ms`, `1s`, `2m` as milliseconds; a bare number is milliseconds, nothing is for ever. */
export function parseMs(text: string): number {
  if (text === "") return Number.POSITIVE_INFINITY
  const match = /^(\d+(?:\.\d+)?)(ms|s|m)?$/.exec(text)
  if (!match) throw new Error(`"${text}" is not a duration such as 5ms or 1s`)
  return Number(match[1]) * ({ ms: 1, s: 1000, m: 60_000 }[match[2] ?? "ms"] ?? 1)
}

/** `100`, `64k`, `1m` as bytes. */
export function parseSize(text: string): number {
  const match = /^(\d+)([km])?$/.exec(text)
  if (!match) throw new Error(`"${text}" is not a size such as 100, 64k or 1m`)
  return Number(match[1]) * (match[2] === "m" ? 1 << 20 : match[2] === "k" ? 1 << 10 : 1)
}
