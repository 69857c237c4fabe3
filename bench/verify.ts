import { CHUNKS } from "./payload.ts"
import { ask, chatRequest, conversationRequest, messagesRequest, type Request } from "./request.ts"
import type { Target } from "./target.ts"

const count = (text: string, what: string) => text.split(what).length - 1

async function check(
  target: Target,
  what: string,
  request: Request,
  right: (text: string) => boolean,
): Promise<void> {
  const response = await ask(request)
  const text = await response.text()
  if (response.ok && right(text)) return
  const shown = `${response.status} ${text.slice(0, 500)}`
  throw new Error(`${target.name} does not answer ${what} as it should: ${shown}`)
}

/** Looks at answers of each sort once, so that nothing fast but wrong is measured. @throws */
export async function verify(target: Target): Promise<void> {
  await check(target, "a completion", chatRequest(target, "plain"), (text) =>
    text.includes("It takes a request"),
  )
  await check(
    target,
    "a stream",
    chatRequest(target, "fast"),
    (text) => count(text, '" word"') === CHUNKS && text.includes("[DONE]"),
  )
  if (!target.messages) return
  await check(
    target,
    "a translated stream",
    messagesRequest(target, "fast"),
    (text) => count(text, '" word"') === CHUNKS && text.includes("message_stop"),
  )
}

/** The same of a long conversation, which only the router is asked for. @throws */
export async function verifyConversation(target: Target): Promise<void> {
  await check(
    target,
    "a long conversation",
    conversationRequest(target),
    (text) => text.includes("It takes a request") && text.includes("end_turn"),
  )
}
