import type { Exchange } from "../core/exchange.ts"
import { parseField, scanObject } from "../transport/json-scan.ts"
import type { GatewayContext, Snapshot } from "./context.ts"
import type { Progress } from "./finish.ts"
import type { History } from "./history.ts"

/** Milliseconds for which answers are kept where nothing is stored. */
const MEMORY = 24 * 60 * 60 * 1000

/**
 * Keeps a whole answer so that later requests can go on from it, where its caller wants that and the
 * config allows it. Never throws.
 */
export function keepAnswer(context: GatewayContext, asked: Kept, answer: Uint8Array): void {
  try {
    put(context, asked, answer)
  } catch (cause) {
    // Its caller has it, and only loses that it can be gone on with.
    const { id } = asked.exchange
    context.logger.warn("an answer could not be kept", { id, cause: String(cause) })
  }
}

interface Kept {
  readonly snapshot: Snapshot
  readonly exchange: Exchange
  readonly history: History
  readonly progress: Progress
}

function put(
  context: GatewayContext,
  { snapshot: { settings }, exchange, history, progress }: Kept,
  answer: Uint8Array,
): void {
  const envelope = history.whole()
  if (!envelope.facts.keep || !envelope.conversation) return
  const keepAnswers = settings.storage ? settings.storage.keepAnswers : MEMORY
  const id = keepAnswers > 0 ? idOf(answer) : undefined
  if (id === undefined) return
  context.answers.put({
    id,
    caller: progress.caller,
    protocol: exchange.protocol.id,
    created: exchange.time,
    expires: exchange.time + keepAnswers,
    channel: progress.relayed ? (progress.channel?.id ?? null) : null,
    input: history.lack ? "" : envelope.conversation(),
    answer: Buffer.from(answer).toString("utf8"),
  })
}

function idOf(answer: Uint8Array): string | undefined {
  const field = scanObject(answer)?.fields.find(({ key }) => key === "id")
  const id = field && parseField(answer, field)
  return typeof id === "string" ? id : undefined
}
