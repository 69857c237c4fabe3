import { webStreamOf } from "../../support/byte-sources.ts"
import type { OutgoingRequest, Send } from "../../../src/core/provider.ts"
import { PLAIN_PROVIDER } from "../../../src/core/plain-settings.ts"
import type { ProviderSettings } from "../../../src/core/settings.ts"
import { demo } from "../../../src/providers/demo/index.ts"

/** The demo's `send` with these options; by default without any pause. */
export function openDemo(
  options: Record<string, string> = { firstToken: "0", tokensPerSecond: "0" },
): Send {
  const settings: ProviderSettings = {
    ...PLAIN_PROVIDER,
    name: "demo",
    type: "demo",
    options,
  }
  const { send } = demo.open(settings)
  if (!send) throw new Error("the demo has no send")
  return send
}

const fast = openDemo()

/** A request to the demo, as the gateway would make it. */
export function outgoing(
  path: string,
  body?: object,
  signal: AbortSignal = new AbortController().signal,
): OutgoingRequest {
  return {
    url: `demo://local/v1${path}`,
    method: body ? "POST" : "GET",
    headers: { "content-type": "application/json" },
    ...(body && { body: new TextEncoder().encode(JSON.stringify(body)) }),
    signal,
    connectTimeout: 0,
  }
}

/** Sends a request to a demo without pauses and reads the answer. */
export async function ask(path: string, body?: object) {
  const { status, headers, body: stream } = await fast(outgoing(path, body))
  const bytes = await new Response(webStreamOf(stream)).bytes()
  return { status, headers, bytes, text: new TextDecoder().decode(bytes) }
}

/** The same, with the answer as JSON. */
export async function askJson(path: string, body?: object) {
  const { status, text } = await ask(path, body)
  return { status, json: JSON.parse(text) }
}

/** Asks for a chat completion with one user message. */
export const chat = (content: unknown, extra: object = {}) =>
  askJson("/chat/completions", { model: "demo", messages: [{ role: "user", content }], ...extra })

/** The events of a stream, without `[DONE]`. */
export const events = (text: string) =>
  [...text.matchAll(/^data: (.*)$/gm)]
    .map((match) => match[1] ?? "")
    .filter((data) => data !== "[DONE]")
    .map((data) => JSON.parse(data))
