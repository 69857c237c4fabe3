import { webStreamOf } from "../support/byte-sources.ts"
import { afterAll, describe, expect, test } from "bun:test"
import { collectAnswer } from "../../src/canonical/answer.ts"
import type { CanonicalEvent, CanonicalRequest } from "../../src/core/canonical.ts"
import { systemClock } from "../../src/core/clock.ts"
import { GatewayError } from "../../src/core/error.ts"
import type { Protocol } from "../../src/core/protocol.ts"
import type { CallTarget, IncomingResponse } from "../../src/core/provider.ts"
import { Secret } from "../../src/core/secret.ts"
import { protocols } from "../../src/protocols/index.ts"
import { createBedrock } from "../../src/providers/bedrock/index.ts"
import { createHttpSend } from "../../src/transport/http.ts"
import { spliceObject } from "../../src/transport/json-splice.ts"
import { startBedrock } from "./support/bedrock-server.ts"
import { patience, settingsOf, worldOf } from "./support/credentials.ts"

const KEY = new Secret("AKIDEXAMPLE:wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY")
const SESSION = new Secret("ASIAEXAMPLE:secret/+=:session/token==")
const bedrock = startBedrock()
afterAll(() => bedrock.stop())

const send = createHttpSend(systemClock)

interface Plan {
  protocol: string
  model: string
  stream?: boolean
  operation?: CallTarget["operation"]
  key?: Secret
  body: Uint8Array
  headers?: Record<string, string>
}

/** One call as the gateway makes it: patch, URL, signature, HTTP, and what comes back. */
async function call(plan: Plan): Promise<IncomingResponse> {
  const { stream = false, operation = "chat", key = KEY } = plan
  const definition = createBedrock(worldOf())
  const account = definition.open(
    settingsOf({
      type: "bedrock",
      baseUrl: bedrock.url,
      options: { region: "eu-central-1" },
    }),
  )
  const protocol = protocolOf(plan.protocol)
  const path = protocol.upstream.path({ operation, model: plan.model, stream, capabilities: {} })
  const target = { operation, protocol: protocol.id, path, model: plan.model, stream }
  const patch = account.patch?.(target, new Headers())
  const request = {
    url: account.url(target),
    method: "POST" as const,
    headers: {
      "content-type": "application/json",
      accept: "text/event-stream",
      ...protocol.upstream.headers,
      ...plan.headers,
      ...account.authorize(key),
    },
    body: patch ? spliceObject(plan.body, patch) : plan.body,
    signal: patience(),
    connectTimeout: 5000,
  }
  return account.receive!(target, await send(await account.sign!(request, key)))
}

function protocolOf(id: string): Protocol {
  const found = protocols.get(id)
  if (!found) throw new Error(`no protocol ${id}`)
  return found
}

const bytesOf = async ({ body }: IncomingResponse) =>
  new Uint8Array(await new Response(webStreamOf(body)).arrayBuffer())

const REQUEST: CanonicalRequest = {
  model: "m",
  stream: true,
  system: [{ type: "text", text: "be brief" }],
  turns: [{ role: "user", blocks: [{ type: "text", text: "hällo" }] }],
  tools: [],
  maxTokens: 64,
  protocol: "openai-chat",
  extra: new Map(),
}

/** A canonical request through a protocol and back. */
async function chat(protocol: string, model: string, stream: boolean, key?: Secret) {
  const { upstream } = protocolOf(protocol)
  const definition = createBedrock(worldOf())
  const capabilities = definition.capabilities!(model, protocol)
  const family = definition.family!(model, protocol)
  const encoded = upstream.chat!.encodeRequest(
    { ...REQUEST, stream },
    { model, stream, family, capabilities },
  )
  const response = await call({
    protocol,
    model,
    stream,
    body: encoded.body,
    ...(key && { key }),
    ...(encoded.headers && { headers: { ...encoded.headers } }),
  })
  const bytes = await bytesOf(response)
  if (response.status >= 400) throw upstream.decodeError(response.status, response.headers, bytes)
  if (!stream) return upstream.chat!.decodeAnswer(bytes, encoded.decoding)
  const decoder = upstream.chat!.createDecoder(encoded.decoding)
  const events: CanonicalEvent[] = []
  for (let at = 0; at < bytes.length; at += 7)
    events.push(...decoder.push(bytes.subarray(at, at + 7)))
  events.push(...decoder.end())
  return collectAnswer(events)
}

const last = () => bedrock.got.at(-1)!
const CLAUDE = "us.anthropic.claude-sonnet-4-5-20250929-v1:0"
const NOVA = "eu.amazon.nova-pro-v1:0"
const ARN =
  "arn:aws:bedrock:eu-central-1:123456789012:inference-profile/eu.anthropic.claude-haiku-4-5"

const ANSWER = {
  choices: [
    {
      index: 0,
      blocks: [{ type: "text", text: "Hello wörld" }],
      finish: { reason: "end" },
    },
  ],
  usage: { input: 8, output: 2, cacheRead: 3, cacheWrite: 0, reasoning: 0 },
}

describe("Converse", () => {
  test.each([true, false])("answers a signed request (stream: %p)", async (stream) => {
    expect(await chat("bedrock-converse", NOVA, stream)).toMatchObject(ANSWER)
    const action = stream ? "converse-stream" : "converse"
    expect(last().path).toBe(`/model/eu.amazon.nova-pro-v1%3A0/${action}`)
    expect(last().signed).toMatchObject({ region: "eu-central-1", service: "bedrock" })
    expect(last().headers.get("accept")).toBe(
      stream ? "application/vnd.amazon.eventstream" : "application/json",
    )
    expect(last().body).toEqual({
      system: [{ text: "be brief" }],
      messages: [{ role: "user", content: [{ text: "hällo" }] }],
      inferenceConfig: { maxTokens: 64 },
    })
  })

  test("takes temporary keys, whose token is signed too", async () => {
    await chat("bedrock-converse", NOVA, false, SESSION)
    expect(last().headers.get("x-amz-security-token")).toBe("session/token==")
    expect(last().signed?.signedHeaders).toContain("x-amz-security-token")
  })

  test("takes an API key as it is", async () => {
    expect(await chat("bedrock-converse", NOVA, true, new Secret("ABSK-api-key"))).toMatchObject(
      ANSWER,
    )
    expect(last().signed).toBeUndefined()
    expect(last().headers.get("x-amz-date")).toBeNull()
  })

  test("says that a key is wrong", async () => {
    const failed = chat("bedrock-converse", NOVA, false, new Secret("AKIDEXAMPLE:wrong"))
    const error = await failed.then(
      () => undefined,
      (thrown: unknown) => thrown as GatewayError,
    )
    expect(error).toBeInstanceOf(GatewayError)
    expect(error).toMatchObject({
      kind: "upstream-unauthorized",
      message: "the signature does not match",
    })
  })

  // Case 80
  test("fails where the stream does", async () => {
    const failed = chat("bedrock-converse", "amazon.throttled", true)
    const error = await failed.then(
      () => undefined,
      (thrown: unknown) => thrown,
    )
    expect(error).toMatchObject({ kind: "upstream-rate-limited", message: "Too many tokens." })
  })

  test("counts tokens by the model itself", async () => {
    const { upstream } = protocolOf("bedrock-converse")
    const body = upstream.chat!.encodeCount!(REQUEST, {
      model: ARN,
      stream: false,
      family: "anthropic",
      capabilities: {},
    })
    const response = await call({
      protocol: "bedrock-converse",
      operation: "count-tokens",
      model: ARN,
      body,
    })
    expect(upstream.chat!.decodeCount!(await bytesOf(response))).toBe(42)
    expect(last().path).toBe("/model/anthropic.claude-haiku-4-5/count-tokens")
  })

  test("embeds a text", async () => {
    const { upstream } = protocolOf("bedrock-converse")
    const model = "amazon.titan-embed-text-v2:0"
    const target = { model, stream: false, family: "", capabilities: {} }
    const { body } = upstream.embeddings!.encodeRequest(
      { model, inputs: ["hällo"], encoding: "float" },
      target,
    )
    const response = await call({
      protocol: "bedrock-converse",
      operation: "embeddings",
      model,
      body,
    })
    expect(upstream.embeddings!.decodeAnswer(await bytesOf(response))).toEqual({
      model: "",
      vectors: [[0.25, -0.5]],
      tokens: 2,
    })
    expect(last().body).toEqual({ inputText: "hällo" })
  })
})

describe("InvokeModel", () => {
  test.each([true, false])("speaks Messages with Claude (stream: %p)", async (stream) => {
    const answer = await chat("anthropic-messages", CLAUDE, stream)
    expect(answer).toMatchObject({ ...ANSWER, id: "msg_bdrk_1" })
    const action = stream ? "invoke-with-response-stream" : "invoke"
    expect(last().path).toBe(`/model/us.anthropic.claude-sonnet-4-5-20250929-v1%3A0/${action}`)
    expect(last().signed).toBeDefined()
    expect(last().headers.get("anthropic-version")).toBeNull()
    expect(last().body).toMatchObject({ anthropic_version: "bedrock-2023-05-31", max_tokens: 64 })
    expect(last().body).not.toHaveProperty("model")
    expect(last().body).not.toHaveProperty("stream")
  })

  test("takes an ARN for a model", async () => {
    await chat("anthropic-messages", ARN, false)
    expect(last().path).toBe(
      "/model/arn%3Aaws%3Abedrock%3Aeu-central-1%3A123456789012%3Ainference-profile%2Feu.anthropic.claude-haiku-4-5/invoke",
    )
  })

  test("takes what Claude Code sends, with its betas in the body", async () => {
    const { upstream } = protocolOf("anthropic-messages")
    const body = Buffer.from(
      JSON.stringify({
        model: "claude-sonnet-4-5",
        max_tokens: 5,
        stream: true,
        messages: [{ role: "user", content: "hi" }],
        tools: [{ name: "Bash", input_schema: { type: "object" }, eager_input_streaming: true }],
      }),
    )
    const response = await call({
      protocol: "anthropic-messages",
      model: CLAUDE,
      stream: true,
      body,
      headers: {
        "anthropic-version": "2023-06-01",
        "anthropic-beta": "claude-code-20250219,interleaved-thinking-2025-05-14",
      },
    })
    expect(last().body).toEqual({
      anthropic_version: "bedrock-2023-05-31",
      anthropic_beta: ["interleaved-thinking-2025-05-14", "fine-grained-tool-streaming-2025-05-14"],
      max_tokens: 5,
      messages: [{ role: "user", content: "hi" }],
      tools: [{ name: "Bash", input_schema: { type: "object" } }],
    })
    expect(last().headers.get("anthropic-beta")).toBeNull()
    const relay = upstream.relayStream("chat", {} as never, {
      head: {} as never,
      requestId: "r",
      capabilities: {},
    })
    relay.push(await bytesOf(response))
    relay.end()
    expect(relay.phase).toBe("complete")
    expect(relay.usage).toMatchObject({ input: 8, output: 2, cacheRead: 3 })
  })

  test("fails in Anthropic's words", async () => {
    const response = await call({
      protocol: "anthropic-messages",
      model: CLAUDE,
      body: Buffer.from("{}"),
      key: new Secret("NOBODY:x"),
    })
    expect(response.status).toBe(401)
    expect(JSON.parse(Buffer.from(await bytesOf(response)).toString())).toEqual({
      type: "error",
      error: { type: "authentication_error", message: "unknown key NOBODY" },
    })
  })
})

describe("the region", () => {
  const open = (env: Record<string, string>, parts: object) =>
    createBedrock(worldOf({ env })).open(settingsOf({ type: "bedrock", ...parts }))
  const target: CallTarget = {
    operation: "chat",
    protocol: "bedrock-converse",
    path: "/p",
    model: "m",
    stream: false,
  }

  test.each([
    [{ region: "eu-west-1" }, { AWS_REGION: "us-west-2" }, "eu-west-1.amazonaws.com"],
    [{}, { AWS_REGION: "us-west-2", AWS_DEFAULT_REGION: "x" }, "us-west-2.amazonaws.com"],
    [{}, { AWS_DEFAULT_REGION: "ap-south-1" }, "ap-south-1.amazonaws.com"],
    [{}, {}, "us-east-1.amazonaws.com"],
    [{ region: "cn-north-1" }, {}, "cn-north-1.amazonaws.com.cn"],
  ] as [Record<string, string>, Record<string, string>, string][])(
    "%o and %o is %s",
    (options, env, host) => {
      expect(open(env, { options }).url(target)).toBe(`https://bedrock-runtime.${host}/p`)
    },
  )

  test.each([
    ["https://bedrock-runtime-fips.us-gov-west-1.amazonaws.com", "us-gov-west-1"],
    ["https://vpce-1.bedrock-runtime.eu-west-3.vpce.amazonaws.com/x", "eu-west-3"],
    ["https://proxy.example.com", "us-west-2"],
  ])("at %s is %s", async (baseUrl, region) => {
    const account = open({ AWS_REGION: "us-west-2" }, { baseUrl })
    const { headers } = await account.sign!(
      {
        url: account.url(target),
        method: "POST",
        headers: {},
        body: Buffer.from("{}"),
        signal: patience(),
        connectTimeout: 0,
      },
      KEY,
    )
    expect(headers["authorization"]).toContain(`/${region}/bedrock/aws4_request`)
  })
})
