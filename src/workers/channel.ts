/** What one side of a channel may ask of the other: by name, each with one thing to say and one to answer. */
export type Questions<Names> = { [Name in keyof Names]: (said: never) => unknown }

type Said<Question> = Question extends (said: infer Input) => unknown ? Input : never
type Answer<Question> = Question extends (said: never) => infer Output ? Awaited<Output> : never

/** A message as it crosses the border between two processes. */
export type Message =
  | { ask: string; call: number; said: unknown }
  | { call: number; answer: unknown }
  | { call: number; problem: string }

/** Questions and answers between two processes. */
export interface Channel<Theirs extends Questions<Theirs>> {
  /** @throws Error what went wrong there, or that there is nobody any more */
  ask<Name extends keyof Theirs & string>(
    name: Name,
    said: Said<Theirs[Name]>,
  ): Promise<Answer<Theirs[Name]>>
  /** A message has come. */
  receive(message: Message): void
  /** There is nobody any more: all who wait are told. */
  close(): void
}

/**
 * @param send gives a message to the other side
 * @param mine what the other side may ask
 */
export function createChannel<Theirs extends Questions<Theirs>, Mine extends Questions<Mine>>(
  send: (message: Message) => void,
  mine: Mine,
): Channel<Theirs> {
  const waiting = new Map<number, { resolve(answer: unknown): void; reject(error: Error): void }>()
  let calls = 0
  let closed = false

  async function answer({ ask, call, said }: Extract<Message, { ask: string }>): Promise<void> {
    let reply: Message
    try {
      reply = { call, answer: await mine[ask as keyof Mine](said as never) }
    } catch (thrown) {
      reply = { call, problem: thrown instanceof Error ? thrown.message : String(thrown) }
    }
    if (!closed) send(reply)
  }

  return {
    ask(name, said) {
      const { promise, resolve, reject } = Promise.withResolvers<unknown>()
      if (closed) reject(new Error("the other process has ended"))
      else {
        const call = ++calls
        waiting.set(call, { resolve, reject })
        send({ ask: name, call, said })
      }
      return promise as Promise<never>
    },
    receive(message) {
      if ("ask" in message) {
        void answer(message)
        return
      }
      const asker = waiting.get(message.call)
      waiting.delete(message.call)
      if ("problem" in message) asker?.reject(new Error(message.problem))
      else asker?.resolve(message.answer)
    },
    close() {
      closed = true
      for (const { reject } of waiting.values()) reject(new Error("the other process has ended"))
      waiting.clear()
    },
  }
}
