import { describe, expect, test } from "bun:test"
import { handOn } from "../../support/hand-on.ts"
import { createStreamRelay } from "../../../src/protocols/openai-responses/relay.ts"
import { GatewayError } from "../../../src/core/error.ts"
import { chunksOf, eventsIn, framed, recorded, SIZES, sse } from "./support.ts"

const response = (status: string, fields: object = {}) => ({
  id: "resp_up",
  object: "response",
  status,
  model: "up",
  output: [],
  usage: null,
  temperature: 1,
  ...fields,
})

let sequence = 0
const event = (type: string, fields: object = {}) =>
  sse({ type, sequence_number: sequence++, ...fields })

const USAGE = {
  input_tokens: 9,
  input_tokens_details: { cached_tokens: 3 },
  output_tokens: 5,
  output_tokens_details: { reasoning_tokens: 2 },
  total_tokens: 14,
}
const item = { type: "message", id: "msg_1", content: [{ type: "output_text", text: "日本 😀" }] }
const CREATED = event("response.created", { response: response("in_progress") })
const PROGRESS = event("response.in_progress", { response: response("in_progress") })
const ADDED = event("response.output_item.added", {
  output_index: 0,
  item: { type: "message", content: [] },
})
const PART = event("response.content_part.added", {
  output_index: 0,
  content_index: 0,
  part: { type: "output_text", text: "", annotations: [], logprobs: [] },
})
const TEXT = event("response.output_text.delta", {
  output_index: 0,
  content_index: 0,
  delta: "日本 😀",
})
const DONE = event("response.output_item.done", { output_index: 0, item })
const END = event("response.completed", {
  response: response("completed", { usage: USAGE, output: [item] }),
})
const WHOLE = CREATED + PROGRESS + ADDED + PART + TEXT + DONE + END

function relay(text: string, size = Number.POSITIVE_INFINITY) {
  const stream = createStreamRelay()
  const out: Uint8Array[] = []
  const phases = new Set<string>([stream.phase])
  for (const chunk of chunksOf(text, size)) {
    handOn(stream, chunk, out)
    phases.add(stream.phase)
  }
  const rest = stream.end()
  if (rest) out.push(Buffer.from(rest))
  phases.add(stream.phase)
  return { stream, text: Buffer.concat(out).toString(), phases: [...phases] }
}

describe.each(SIZES)("in chunks of %d", (size) => {
  // Case 52.
  test("every byte of a good stream goes through; its usage and answer are read", () => {
    const { stream, text, phases } = relay(`: hello\n\n${WHOLE}`, size)
    expect(text).toBe(`: hello\n\n${WHOLE}`)
    expect(phases.at(-1)).toBe("complete")
    expect(stream.usage).toEqual({
      input: 9,
      output: 5,
      cacheRead: 3,
      cacheWrite: 0,
      reasoning: 2,
    })
    expect(JSON.parse(Buffer.from(stream.answer!).toString())).toEqual(
      response("completed", { usage: USAGE, output: [item] }),
    )
  })

  test("a stream that is cut off is an error that goes on where it stopped", () => {
    const begun = CREATED + PROGRESS + ADDED + PART + TEXT + DONE
    const { stream, text } = relay(begun + END.slice(0, END.length / 2), size)
    expect(stream.error?.kind).toBe("upstream-truncated")
    expect(text).toBe(begun)
    const failed = Buffer.from(stream.fail!(stream.error!, "req_1")).toString()
    const [error, end] = eventsIn(failed)
    expect(error).toMatchObject({ type: "error", sequence_number: 6, code: "upstream_truncated" })
    expect(end).toMatchObject({
      type: "response.failed",
      sequence_number: 7,
      response: {
        id: "resp_up",
        model: "up",
        status: "failed",
        temperature: 1,
        error: { code: "upstream_truncated" },
        output: [item],
      },
    })
  })

  test("an error before any content lets another upstream try", () => {
    const error = { type: "insufficient_quota", code: "insufficient_quota", message: "no" }
    const { stream, phases } = relay(
      CREATED +
        PROGRESS +
        event("error", { error }) +
        event("response.failed", { response: response("failed", { error }) }),
      size,
    )
    expect(phases).not.toContain("content")
    expect(stream.phase).toBe("failed")
    expect(stream.error?.kind).toBe("upstream-rate-limited")
    expect(stream.error?.detail.reason).toBe("billing")
  })
})

// Case 66.
describe("ids that change in every event", () => {
  let next = 0
  const rotating = WHOLE.replaceAll(
    /"(id|item_id)":"[^"]*"/g,
    (_, name) => `"${name}":"x${next++}"`,
  )
    .replaceAll('"content_index":0,', '"content_index":0,"item_id":"d",')
    .replaceAll(
      '"item":{"type":"message","content":[]}',
      '"item":{"type":"message","id":"first","content":[]}',
    )

  test.each(SIZES)("are the first ones for the client, in chunks of %d", (size) => {
    const { stream, text } = relay(rotating, size)
    const events = eventsIn(text)
    expect(events.map(({ response: whole }) => whole?.id ?? "x0")).toEqual(Array(7).fill("x0"))
    expect(events.map(({ item_id, item: one }) => item_id ?? one?.id)).toEqual([
      undefined,
      undefined,
      "first",
      "first",
      "first",
      "first",
      undefined,
    ])
    expect(events.at(-1).response.output[0].id).toBe("first")
    expect(JSON.parse(Buffer.from(stream.answer!).toString()).output[0].id).toBe("first")
    expect(stream.phase).toBe("complete")
  })

  test("that do not change stay where they are, byte for byte", () => {
    const two = [0, 1].map((index) => ({ output_index: index, item_id: `i${index}`, delta: "x" }))
    const items = [0, 1].map((index) =>
      event("response.output_item.added", {
        output_index: index,
        item: { type: "message", id: `i${index}` },
      }),
    )
    const deltas = [...two, ...two].map((fields) => event("response.output_text.delta", fields))
    const parts = two.map(({ delta: _delta, ...fields }) =>
      event("response.content_part.added", { ...fields, content_index: 0, part: {} }),
    )
    const text = `${CREATED}${items.join("")}${parts.join("")}${deltas.join("")}${END}`.replaceAll(
      "\n",
      "\r\n",
    )
    for (const size of SIZES) expect(relay(text, size).text).toBe(text)
  })

  test("are mended in what is recorded of a real server", () => {
    const lines = recorded("copilot-responses/github-copilot-id-rotation.1.chunks.txt")
    if (!lines) return
    const events = eventsIn(relay(framed(lines), 64).text)
    expect(events).toHaveLength(lines.length)
    const ids = events.map((one) => one.item_id ?? one.item?.id).filter((id) => id !== undefined)
    expect(new Set(ids).size).toBe(2)
    expect(new Set(events.map(({ response: whole }) => whole?.id)).size).toBe(2)
  })
})

describe("what servers leave out", () => {
  const thinking = event("response.output_item.added", {
    output_index: 0,
    item: { type: "reasoning", id: "rs_1" },
  })
  const thought = event("response.reasoning_text.delta", {
    output_index: 0,
    content_index: 0,
    item_id: "rs_1",
    delta: "hm",
  })
  const thoughtDone = event("response.output_item.done", {
    output_index: 0,
    item: { type: "reasoning", id: "rs_1" },
  })
  const empty = event("response.completed", { response: response("completed") })

  test.each(SIZES)("is added for the client, in chunks of %d", (size) => {
    const { stream, text } = relay(
      CREATED + thinking + thought + thought + thoughtDone + empty,
      size,
    )
    const events = eventsIn(text)
    expect(events.map(({ type }) => type.replace("response.", ""))).toEqual([
      "created",
      "output_item.added",
      "content_part.added",
      "reasoning_text.delta",
      "reasoning_text.delta",
      "output_item.done",
      "completed",
    ])
    expect(events[2]).toEqual({
      sequence_number: expect.any(Number),
      type: "response.content_part.added",
      item_id: "rs_1",
      output_index: 0,
      content_index: 0,
      part: { type: "reasoning_text", text: "" },
    })
    expect(events.at(-1).response.output).toEqual([{ type: "reasoning", id: "rs_1" }])
    expect(JSON.parse(Buffer.from(stream.answer!).toString()).output).toHaveLength(1)
  })

  test.each(SIZES)("has a number, and what follows it another one, in chunks of %d", (size) => {
    const said = [CREATED, thinking, thought, thought, thoughtDone, empty].map((text, at) =>
      text.replace(/"sequence_number":\d+/, `"sequence_number":${at}`),
    )
    const { text, stream } = relay(said.join(""), size)
    const numbers = eventsIn(text).map(({ sequence_number }) => sequence_number)
    expect(numbers).toEqual([0, 1, 2, 3, 4, 5, 6])
    expect(stream.phase).toBe("complete")
  })

  test("is counted in the number of a failure", () => {
    const stream = createStreamRelay()
    const numbered = [CREATED, thinking, thought, thought].map((text, at) =>
      text.replace(/"sequence_number":\d+/, `"sequence_number":${at}`),
    )
    stream.push(Buffer.from(numbered.join("")))
    stream.end()
    const failure = eventsIn(Buffer.from(stream.fail!(stream.error!, "req_1")).toString())
    expect(failure[0].sequence_number).toBe(5)
  })

  test("is not added where it was said", () => {
    const added = event("response.content_part.added", {
      output_index: 0,
      content_index: 0,
      item_id: "rs_1",
      part: { type: "reasoning_text", text: "" },
    })
    const text = CREATED + thinking + added + thought + thoughtDone + END
    for (const size of SIZES) expect(relay(text, size).text).toBe(text)
  })
})

describe("content", () => {
  const phaseAfter = (text: string) => {
    const stream = createStreamRelay()
    stream.push(Buffer.from(text))
    return stream.phase
  }

  test("is not that there will be some", () => {
    expect(phaseAfter(CREATED + PROGRESS + ADDED)).toBe("prelude")
    const thinking = event("response.output_item.added", { item: { type: "reasoning" } })
    const part = event("response.content_part.added", { part: {} })
    expect(phaseAfter(CREATED + thinking + part)).toBe("prelude")
    expect(phaseAfter(`${CREATED}: keepalive\n\n`)).toBe("prelude")
  })

  test.each([
    ["a text", TEXT],
    ["a summary", event("response.reasoning_summary_text.delta", { delta: "x" })],
    ["a call", event("response.output_item.added", { item: { type: "function_call", name: "f" } })],
    ["a search", event("response.web_search_call.searching", { output_index: 0 })],
    ["arguments", event("response.function_call_arguments.done", { arguments: "{}" })],
  ])("is %s", (_name, said) => {
    expect(phaseAfter(CREATED + said)).toBe("content")
  })

  test("counts as progress, keepalives do not", () => {
    const stream = createStreamRelay()
    stream.push(Buffer.from(CREATED + TEXT))
    const before = stream.progress
    stream.push(Buffer.from(": keepalive\n\n"))
    expect(stream.progress).toBe(before)
    stream.push(Buffer.from(TEXT))
    expect(stream.progress).toBe(before + 1)
  })

  test("does not count as progress where an event says only that it goes on", () => {
    const stream = createStreamRelay()
    const out: Uint8Array[] = []
    const said = [CREATED + ADDED + PART + TEXT, ...[1, 2, 3].map(() => event("keepalive"))]
    for (const piece of said) handOn(stream, Buffer.from(piece), out)
    expect(Buffer.concat(out).toString()).toBe(said.join(""))
    expect(stream.progress).toBe(relay(said[0]!).stream.progress)
  })
})

describe("the end", () => {
  test("may be incomplete, and is an end all the same", () => {
    const incomplete = event("response.incomplete", { response: response("incomplete") })
    const { stream, text } = relay(CREATED + PART + TEXT + incomplete)
    expect(stream.phase).toBe("complete")
    expect(text).toBe(CREATED + PART + TEXT + incomplete)
  })

  test("may lack its blank line", () => {
    const { stream, text } = relay(WHOLE.trimEnd())
    expect(stream.phase).toBe("complete")
    expect(text).toBe(WHOLE)
  })

  test("is the last that is told, whatever stands behind it in the same bytes", () => {
    expect(relay(`${WHOLE}data: [DONE]\n\n`).text).toBe(WHOLE)
  })

  test.each([
    ["an error", event("error", { error: { message: "no" } })],
    ["a flat error", event("error", { message: "no", code: "server_error" })],
    [
      "a failure",
      event("response.failed", { response: response("failed", { error: { message: "no" } }) }),
    ],
    ["a body's error", `data: {"error":{"message":"no"}}\n\n`],
  ])("may be %s in the middle, which we tell ourselves", (_name, bad) => {
    const { stream, text } = relay(CREATED + PART + TEXT + bad)
    expect(stream.phase).toBe("failed")
    expect(stream.error?.message).toBe("no")
    expect(text).toBe(CREATED + PART + TEXT)
  })

  test("is an error when an event is none", () => {
    expect(relay(`${CREATED}data: {\n\n`).stream.error?.kind).toBe("upstream-invalid")
    expect(relay("").stream.error?.kind).toBe("upstream-truncated")
  })

  test("can be told even where nothing was heard, and behind a keepalive", () => {
    const error = new GatewayError("upstream-timeout", "slow")
    const silent = createStreamRelay()
    const events = eventsIn(Buffer.from(silent.fail!(error, "req_1")).toString())
    expect(events[1].response).toMatchObject({ id: "resp_1", status: "failed", output: [] })
    const kept = createStreamRelay()
    kept.push(Buffer.from(CREATED + PART + TEXT))
    kept.push(Buffer.from(": keepalive\n\n"))
    const number = eventsIn(TEXT)[0].sequence_number
    expect(eventsIn(Buffer.from(kept.fail!(error, "r")).toString())[0].sequence_number).toBe(
      number + 1,
    )
  })
})

// Cases 52 and 65.
describe("recorded streams", () => {
  test.each([
    "openai-responses/openai-phase.1.chunks.txt",
    "openai-responses/openai-web-search-tool.1.chunks.txt",
    "lmstudio/lmstudio-tool-call.1.chunks.txt",
  ])("%s goes through byte for byte", (file) => {
    const lines = recorded(file)
    if (!lines) return
    const text = framed(lines)
    for (const size of SIZES) {
      const { stream, text: out } = relay(text, size)
      expect(out).toBe(text)
      expect(stream.usage?.output).toBe(JSON.parse(lines.at(-1)!).response.usage.output_tokens)
    }
  })
})
