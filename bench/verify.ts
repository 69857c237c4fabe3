import { CHUNKS } from "./payload.ts"
import { ask, chatRequest, messagesRequest } from "./request.ts"
import type { Target } from "./target.ts"

const count = (text: string, what: string) => text.split(what).length - 1

/** Looks at answers of each sort once, so that nothing fast but wrong is measured. @throws */
export async function verify(target: Target): Promise<void> {
  const check = async (what: string, response: Response, right: (text: string) => boolean) => {
    const text = await response.text()
    if (response.ok && right(text)) return
    const shown = `${response.status} ${text.slice(0, 500)}`
    throw new Error(`${target.name} does not answer ${what} as it should: ${shown}`)
  }
  await check("a completion", await ask(chatRequest(target, "plain")), (text) =>
    text.includes("It takes a request"),
  )
  await check(
    "a stream",
    await ask(chatRequest(target, "fast")),
    (text) => count(text, '" word"') === CHUNKS && text.includes("[DONE]"),
  )
  if (!target.messages) return
  await check(
    "a translated stream",
    await ask(messagesRequest(target, "fast")),
    (text) => count(text, '" word"') === CHUNKS && text.includes("message_stop"),
  )
}
