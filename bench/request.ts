import { conversationBody } from "./conversation.ts"
import { type Kind, messagesBody, requestBody } from "./payload.ts"
import type { Address, Route } from "./target.ts"

/** A request as a target takes it. */
export interface Request {
  port: number
  path: string
  headers: Readonly<Record<string, string>>
  body: string
}

function to(target: Address, route: Route, body: string): Request {
  const headers = { "content-type": "application/json", ...route.headers }
  return { port: target.port, path: route.path, headers, body }
}

/** A chat completion, of about 1 KB or so many bytes more. */
export function chatRequest(target: Address, kind: Kind, more = 0): Request {
  return to(target, target.chat, requestBody(kind, target.chat.model, more))
}

/** How a target takes Anthropic messages. @throws when it does not */
function messagesOf({ name, messages }: Address): Route {
  if (!messages) throw new Error(`${name} takes no messages`)
  return messages
}

/** Anthropic messages. @throws when the target does not take them */
export function messagesRequest(target: Address, kind: Kind): Request {
  const route = messagesOf(target)
  return to(target, route, messagesBody(kind, route.model))
}

/** The same with a long conversation, for a short answer. @throws when the target does not take them */
export function conversationRequest(target: Address): Request {
  const route = messagesOf(target)
  return to(target, route, conversationBody(route.model))
}

/** A request as it is on the wire. */
export function wireOf({ port, path, headers, body }: Request): Buffer {
  const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`)
  const length = Buffer.byteLength(body)
  return Buffer.from(
    `POST ${path} HTTP/1.1\r\nhost: 127.0.0.1:${port}\r\n${lines.join("")}content-length: ${length}\r\n\r\n${body}`,
  )
}

/** Asks once, for answers that are looked at. */
export function ask({ port, path, headers, body }: Request): Promise<Response> {
  return fetch(`http://127.0.0.1:${port}${path}`, { method: "POST", headers, body })
}
