import { sourceOfIterable, sourceOfStream } from "../../src/transport/byte-sources.ts"
import { webStreamOf } from "../support/byte-sources.ts"
import { until } from "../support/cleanup.ts"
import { describe, expect, test } from "bun:test"
import type { IncomingResponse, OutgoingRequest } from "../../src/core/provider.ts"
import { messagesAnswer } from "../../src/providers/bedrock/invoke-answer.ts"
import { completeInvoke } from "../../src/providers/bedrock/invoke-request.ts"
import { encodeFrame } from "../../src/transport/aws-event-stream.ts"

const OLD = "us.anthropic.claude-sonnet-4-5-20250929-v1:0"
const NEW = "us.anthropic.claude-opus-4-8"

function complete(
  body: string,
  headers: Record<string, string> = {},
  model = OLD,
  more: string[] = [],
) {
  const request: OutgoingRequest = {
    url: "https://x.example/model/m/invoke",
    method: "POST",
    headers: { "content-type": "application/json", ...headers },
    body: Buffer.from(body),
    signal: new AbortController().signal,
    connectTimeout: 0,
  }
  const changed = completeInvoke(request, model, more)
  return { headers: changed.headers, text: Buffer.from(changed.body!).toString("utf8") }
}

describe("a Messages body", () => {
  test("that has nothing to change stays byte for byte", () => {
    const body =
      '{ "anthropic_version":"bedrock-2023-05-31", "max_tokens": 1e2,"messages":[{"ü":"\\u00e9"}] }'
    expect(complete(body).text).toBe(body)
  })

  test("has the betas that are known here, instead of a header", () => {
    const beta =
      "claude-code-20250219,interleaved-thinking-2025-05-14, context-management-2025-06-27,effort-2025-11-24,advanced-tool-use-2025-11-20,oauth-2025-04-20"
    const { headers, text } = complete('{"messages":[]}', {
      "anthropic-beta": beta,
      "anthropic-version": "2026-10-21",
    })
    expect(headers).toEqual({ "content-type": "application/json" })
    expect(JSON.parse(text)).toEqual({
      anthropic_beta: [
        "interleaved-thinking-2025-05-14",
        "context-management-2025-06-27",
        "effort-2025-11-24",
      ],
      messages: [],
    })
  })

  test("has the betas that the account allows beside", () => {
    const { text } = complete("{}", { "anthropic-beta": "new-beta,other" }, OLD, ["new-beta"])
    expect(JSON.parse(text)).toEqual({ anthropic_beta: ["new-beta"] })
  })

  test("keeps the betas that it came with, if they are known", () => {
    const own = (betas: string) => JSON.parse(complete(`{"anthropic_beta":${betas},"a":1}`).text)
    expect(own('["compact-2026-01-12","unknown"]')).toEqual({
      anthropic_beta: ["compact-2026-01-12"],
      a: 1,
    })
    expect(own('["unknown"]')).toEqual({ a: 1 })
    expect(own('"nonsense"')).toEqual({ a: 1 })
  })

  test("has tools without what is refused, and the beta that means the same", () => {
    const { text } = complete(
      `{"tools":[{"name":"a","eager_input_streaming":true,"input_schema":{"type":"object","properties":{"eager_input_streaming":{"type":"number","minimum":1.0}}}},
        {"defer_loading": true,"name":"b ]}","strict":true, "input_examples":[{"x":1}]}  ],"messages":[]}`,
    )
    expect(text).toBe(
      `{"anthropic_beta":["fine-grained-tool-streaming-2025-05-14"],"tools":[{"name":"a","input_schema":{"type":"object","properties":{"eager_input_streaming":{"type":"number","minimum":1.0}}}},
        {"name":"b ]}","strict":true}  ],"messages":[]}`,
    )
  })

  test("keeps what a beta allows", () => {
    const body = '{"tools":[{"name":"a","defer_loading":true,"eager_input_streaming":false}]}'
    const { text } = complete(body, { "anthropic-beta": "tool-search-tool-2025-10-19" })
    expect(JSON.parse(text)).toEqual({
      anthropic_beta: ["tool-search-tool-2025-10-19"],
      tools: [{ name: "a", defer_loading: true }],
    })
  })

  test("has no strict tools for models whose schema here does not know them", () => {
    const body = '{"tools":[{"name":"a","strict":true}]}'
    expect(complete(body, {}, OLD).text).toBe(body)
    expect(complete(body, {}, NEW).text).toBe('{"tools":[{"name":"a"}]}')
  })

  test("that is broken is left to the upstream", () => {
    for (const body of [
      "",
      "[]",
      '{"tools":[1,2]}',
      '{"tools":"eager_input_streaming"}',
      '{"tools":[{"a"',
    ]) {
      expect(complete(body).text).toBe(body)
    }
  })
})

const event = (value: unknown, more = {}) =>
  encodeFrame(
    { ":event-type": "chunk", ":message-type": "event", ":content-type": "application/json" },
    JSON.stringify({
      bytes: Buffer.from(typeof value === "string" ? value : JSON.stringify(value)).toString(
        "base64",
      ),
      p: "abcdef",
      ...more,
    }),
  )

function answer(
  bytes: Uint8Array,
  size: number,
  cancelled?: (reason: unknown) => void,
): IncomingResponse {
  let at = 0
  const body = new ReadableStream<Uint8Array>(
    {
      pull(controller) {
        if (at >= bytes.length) controller.close()
        else controller.enqueue(bytes.subarray(at, Math.min(bytes.length, at + size)))
        at += size
      },
      ...(cancelled && { cancel: cancelled }),
    },
    { highWaterMark: 0 },
  )
  const headers = new Headers({
    "content-type": "application/vnd.amazon.eventstream",
    "content-length": "1",
    "x-amzn-requestid": "r",
  })
  return { status: 200, headers, body: sourceOfStream(body) }
}

const textOf = ({ body }: IncomingResponse) => new Response(webStreamOf(body)).text()
const SIZES = [1, 2, 3, 7, 64, Number.POSITIVE_INFINITY]

describe("a stream of frames", () => {
  const EVENTS = [
    { type: "message_start", message: { id: "msg_1" } },
    { type: "content_block_delta", index: 0, delta: { type: "text_delta", text: "Grüße 😀" } },
    { type: "message_stop", "amazon-bedrock-invocationMetrics": { inputTokenCount: 1 } },
  ]
  const EXPECTED = EVENTS.map(
    (value) => `event: ${value.type}\ndata: ${JSON.stringify(value)}\n\n`,
  ).join("")

  test.each(SIZES)("becomes server-sent events, at chunks of %d bytes", async (size) => {
    const bytes = Buffer.concat(EVENTS.map((value) => event(value)))
    const translated = messagesAnswer(answer(bytes, size))
    expect(translated.headers.get("content-type")).toBe("text/event-stream")
    expect(translated.headers.get("content-length")).toBeNull()
    expect(translated.headers.get("x-amzn-requestid")).toBe("r")
    expect(await textOf(translated)).toBe(EXPECTED)
  })

  test("keeps line breaks between members within the event", async () => {
    const bytes = event('{\n"type":\r\n"ping"}')
    expect(await textOf(messagesAnswer(answer(bytes, 5)))).toBe(
      'event: ping\ndata: {\ndata: "type":\ndata: "ping"}\n\n',
    )
  })

  // Case 80
  test.each([
    ["throttlingException", "rate_limit_error"],
    ["serviceUnavailableException", "overloaded_error"],
    ["modelTimeoutException", "timeout_error"],
    ["validationException", "invalid_request_error"],
    ["modelStreamErrorException", "api_error"],
    ["internalServerException", "api_error"],
  ])("ends with an error of Anthropic's for %s", async (type, word) => {
    const exception = encodeFrame(
      { ":message-type": "exception", ":exception-type": type },
      '{"message":"Oh."}',
    )
    const bytes = Buffer.concat([event(EVENTS[0]), exception, event(EVENTS[2])])
    for (const size of SIZES) {
      const text = await textOf(messagesAnswer(answer(bytes, size)))
      const [first, last, ...rest] = text.split("\n\n")
      expect(first).toStartWith("event: message_start\n")
      expect(last).toBe(
        `event: error\ndata: {"type":"error","error":{"type":"${word}","message":"Oh."}}`,
      )
      expect(rest).toEqual([""])
    }
  })

  test("ends with an error for errors without a payload, and for what is no frame or no JSON", async () => {
    const error = encodeFrame(
      { ":message-type": "error", ":error-code": "ThrottlingException", ":error-message": "Slow." },
      "",
    )
    expect(await textOf(messagesAnswer(answer(error, 7)))).toContain(
      '"rate_limit_error","message":"Slow."',
    )
    for (const bytes of [Buffer.from("<html>no frames at all</html>"), event("no json")]) {
      expect(await textOf(messagesAnswer(answer(bytes, 7)))).toContain('"type":"api_error"')
    }
  })

  test("that is cut off simply ends: what is missing is the protocol's to see", async () => {
    const bytes = Buffer.concat(EVENTS.map((value) => event(value)))
    const text = await textOf(messagesAnswer(answer(bytes.subarray(0, bytes.length - 1), 64)))
    expect(text).not.toContain("message_stop")
    expect(text).not.toContain("error")
  })

  test("is read only as fast as it is asked for, and cancelled with its reader", async () => {
    const bytes = Buffer.concat(Array.from({ length: 100 }, () => event(EVENTS[1])))
    let pulled = 0
    let cancelled = false
    const source = answer(bytes, bytes.length / 100, () => {
      cancelled = true
    })
    const counted = webStreamOf(source.body)!.pipeThrough(
      new TransformStream(
        {
          transform(chunk, controller) {
            pulled++
            controller.enqueue(chunk)
          },
        },
        undefined,
        { highWaterMark: 0 },
      ),
    )
    const events = messagesAnswer({ ...source, body: sourceOfStream(counted) }).body!
    await events.read()
    await events.read()
    expect(pulled).toBeLessThan(6)
    events.cancel()
    await until(() => cancelled)
  })

  test("with another content type is left alone", () => {
    const headers = new Headers({ "content-type": "application/json" })
    const whole: IncomingResponse = { status: 200, headers, body: null }
    expect(messagesAnswer(whole)).toBe(whole)
  })
})

describe("an error answer", () => {
  const translate = async (status: number, type: string, message: string) => {
    const answered = messagesAnswer({
      status,
      headers: new Headers({ "x-amzn-errortype": type, "retry-after": "3", "content-length": "9" }),
      body: sourceOfIterable([Buffer.from(JSON.stringify({ message }))]),
    })
    return { answered, body: JSON.parse(await textOf(answered)) }
  }

  test.each([
    [429, "ThrottlingException", 429, "rate_limit_error"],
    [400, "ServiceQuotaExceededException", 402, "billing_error"],
    [400, "ValidationException", 400, "invalid_request_error"],
    [403, "AccessDeniedException", 403, "permission_error"],
    [403, "ExpiredTokenException", 401, "authentication_error"],
    [404, "ResourceNotFoundException", 404, "not_found_error"],
    [408, "ModelTimeoutException", 504, "timeout_error"],
    [424, "ModelErrorException", 500, "api_error"],
    [429, "ModelNotReadyException", 529, "overloaded_error"],
    [503, "ServiceUnavailableException", 529, "overloaded_error"],
    [500, "InternalServerException", 500, "api_error"],
    [413, "", 413, "request_too_large"],
  ])("%d %s is %d %s", async (status, type, own, word) => {
    const { answered, body } = await translate(status, type, "Why.")
    expect(answered.status).toBe(own)
    expect(body).toEqual({ type: "error", error: { type: word, message: "Why." } })
    expect(answered.headers.get("retry-after")).toBe("3")
    expect(answered.headers.get("content-length")).toBeNull()
  })

  // Case 87
  test("has the words that agents look for", async () => {
    const { body } = await translate(
      400,
      "ValidationException",
      "Input is too long for requested model.",
    )
    expect(body.error.message).toBe("prompt is too long: Input is too long for requested model.")
    const wrapped = `The model returned the following errors: ${JSON.stringify({ error: { message: "prompt is too long: 3 tokens > 2 maximum" } })}`
    expect((await translate(400, "ValidationException", wrapped)).body.error.message).toBe(
      "prompt is too long: 3 tokens > 2 maximum",
    )
  })

  test("for what a model cannot do is the request's fault", async () => {
    const { answered, body } = await translate(400, "ValidationException", "It doesn't support x.")
    expect(answered.status).toBe(400)
    expect(body.error.type).toBe("invalid_request_error")
  })

  test("without a body is one all the same", async () => {
    const answered = messagesAnswer({ status: 503, headers: new Headers(), body: null })
    expect(JSON.parse(await textOf(answered)).error.message).toBe("The upstream answered 503.")
  })
})
