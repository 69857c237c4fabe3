import { unwrapInput } from "../../canonical/custom-input.ts"
import type { CanonicalEvent, Opaque } from "../../core/canonical.ts"
import type { Decoding } from "../../core/protocol.ts"
import { isJson } from "../../transport/is-json.ts"
import { jsonTextOf, RawJson } from "../../transport/json.ts"
import { type Json, recordOf, textOf } from "./json-values.ts"
import { isRecord } from "../../canonical/record.ts"

/** One call of a streamed answer. */
interface Call {
  /** The upstream's number for it, where it has one. */
  index: number | undefined
  id: string
  name: string
  custom: boolean
  state: readonly Opaque[]
  /** Its number among all parts; undefined until it is opened. */
  part: number | undefined
  /** Arguments so far. */
  args: string
  /** What of them was not passed on yet. Joining and cutting all of them for every piece would take too long. */
  waiting: string
  /** Whether some of them were passed on. */
  begun: boolean
  closed: boolean
}

/** What the calls need of the answer that they belong to. */
export interface CallSurroundings {
  choice: number
  decoding: Decoding
  /** Gives out the next number of a part. */
  nextPart(): number
  /** An id for a call that has none, the same for the same answer. */
  makeId(position: number): string
}

/** Puts the calls of one choice together from whatever pieces an upstream sends. */
export interface CallAssembly {
  /** @param pieces the entries of `tool_calls` */
  push(pieces: readonly Json[]): CanonicalEvent[]
  /** Opens what has waited for an id, and closes everything. */
  finish(): CanonicalEvent[]
  /** Whether there are calls of the caller's tools. */
  readonly any: boolean
}

export function createCallAssembly(surroundings: CallSurroundings): CallAssembly {
  const { choice, decoding } = surroundings
  const calls: Call[] = []

  function find(piece: Json, position: number, pieces: number): Call | undefined {
    const index = numberOf(piece["index"])
    const id = textOf(piece["id"])
    const name = textOf(fieldsOf(piece)["name"])
    if (index !== undefined) {
      const known = calls.findLast((call) => call.index === index)
      // Some number every call 0: a new id with a name is a new call.
      const another = known && id && known.id && known.id !== id && name !== undefined
      return another ? undefined : known
    }
    const byId = id === undefined ? undefined : calls.find((call) => call.id === id)
    if (byId || id !== undefined || name !== undefined) return byId
    return pieces > 1 ? calls[position] : calls.at(-1)
  }

  function take(piece: Json, position: number, pieces: number): CanonicalEvent[] {
    const fields = fieldsOf(piece)
    let call = find(piece, position, pieces)
    const events: CanonicalEvent[] = []
    if (!call) {
      events.push(...closeWhole())
      call = begin(piece)
      calls.push(call)
    }
    if (call.closed) return events
    call.id ||= textOf(piece["id"]) ?? ""
    call.name ||= textOf(fields["name"]) ?? ""
    if (call.part === undefined) call.state = signatureOf(piece, decoding.family) ?? call.state
    const more = argsOf(fields)
    call.args += more
    call.waiting += more
    if (call.part === undefined && call.name !== "" && call.id !== "") events.push(open(call))
    events.push(...pass(call))
    return events
  }

  function begin(piece: Json): Call {
    const custom = piece["type"] === "custom" || isRecord(piece["custom"])
    const index = numberOf(piece["index"])
    return {
      index,
      id: "",
      name: "",
      custom,
      state: [],
      part: undefined,
      args: "",
      waiting: "",
      begun: false,
      closed: false,
    }
  }

  function open(call: Call): CanonicalEvent {
    const part = surroundings.nextPart()
    call.part = part
    if (isAnswer(call)) return { type: "open", part, choice, start: { kind: "text" } }
    const tool = call.custom || wrapped(call) ? "custom" : "function"
    return {
      type: "open",
      part,
      choice,
      start: {
        kind: "tool-call",
        id: call.id,
        name: decoding.names.get(call.name) ?? call.name,
        tool,
        ...(call.state.length > 0 && { state: call.state }),
      },
    }
  }

  const isAnswer = (call: Call) => call.name !== "" && call.name === decoding.schemaTool
  const wrapped = (call: Call) => decoding.custom.has(call.name)

  /** Passes arguments on as they come, but for those that have to be unwrapped or may mean nothing. */
  function pass(call: Call): CanonicalEvent[] {
    if (call.part === undefined || wrapped(call)) return []
    const text = call.waiting
    if (text === "" || (!call.custom && !call.begun && "null".startsWith(text.trim()))) return []
    call.waiting = ""
    call.begun = true
    return [{ type: "delta", part: call.part, text }]
  }

  function close(call: Call): CanonicalEvent[] {
    if (call.closed || call.name === "") return []
    const events: CanonicalEvent[] = []
    if (call.part === undefined) {
      call.id ||= surroundings.makeId(calls.indexOf(call))
      events.push(open(call), ...pass(call))
    }
    const part = call.part!
    if (wrapped(call)) events.push({ type: "delta", part, text: unwrapInput(call.args) })
    else if (!call.begun && !call.custom) events.push({ type: "delta", part, text: "{}" })
    call.closed = true
    events.push({ type: "close", part })
    return events
  }

  /** When another call begins, those with whole arguments are done; others may still be mixed in. */
  function closeWhole(): CanonicalEvent[] {
    return calls.flatMap((call) =>
      !call.closed && call.id !== "" && isWhole(call.args) ? close(call) : [],
    )
  }

  return {
    push: (pieces) => pieces.flatMap((piece, at) => take(piece, at, pieces.length)),
    finish: () => calls.flatMap(close),
    get any() {
      return calls.some((call) => call.name !== "" && !isAnswer(call))
    },
  }
}

function fieldsOf(piece: Json): Json {
  return recordOf(piece["function"] ?? piece["custom"])
}

function numberOf(value: unknown): number | undefined {
  return typeof value === "number" && Number.isInteger(value) ? value : undefined
}

/** Some send arguments as an object. */
function argsOf(fields: Json): string {
  const value = fields["arguments"] ?? fields["input"]
  if (typeof value === "string") return value
  return value instanceof RawJson || isRecord(value) ? jsonTextOf(value) : ""
}

function isWhole(args: string): boolean {
  return args.trimEnd().endsWith("}") && isJson(args)
}

/** https://ai.google.dev/gemini-api/docs/thought-signatures (OpenAI compatibility) */
function signatureOf(piece: Json, family: string): readonly Opaque[] | undefined {
  const extra = recordOf(recordOf(piece["extra_content"])["google"])
  const payload = textOf(extra["thought_signature"])
  if (payload === undefined || family === "") return undefined
  return [{ family, kind: "thought", payload }]
}
