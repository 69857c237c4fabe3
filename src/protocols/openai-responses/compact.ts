import { seal, unseal } from "../../canonical/opaque.ts"
import type { CanonicalAnswer, CanonicalRequest, Turn } from "../../core/canonical.ts"
import { GatewayError } from "../../core/error.ts"
import type { AnswerContext, RequestEnvelope, Target } from "../../core/protocol.ts"
import { encodePart } from "./encode-parts.ts"
import { invalid } from "./invalid.ts"
import { idStem } from "./response-object.ts"
import { writeUsage } from "./usage.ts"
import { type Fields, text } from "./wire.ts"

/**
 * Path of the compaction of a conversation, below the base URL.
 * https://platform.openai.com/docs/api-reference/responses/compact
 */
export const COMPACT_PATH = "/responses/compact"

/** Types of items that hold a compacted conversation; the second is how early Codex wrote it. */
const ITEM_TYPES: ReadonlySet<unknown> = new Set(["compaction", "compaction_summary"])

/** Whose the summaries are that we had made, and what they are, in {@link seal}'s terms. */
const FAMILY = "router"
const KIND = "summary"

const INSTRUCTION = `Write a summary that takes the place of this whole conversation. Whoever goes on with the work will see the user's messages and your summary, and nothing else. Keep what the user wants and the limits that they set; what was done, decided and found out, with the names of files, commands and identifiers, the numbers and the errors as they were written; what did not work, and why; what is under way, and what comes next. Do not answer the user, call no tools and add nothing of your own. Write the summary only.`

const INTRODUCTION = "Summary of the conversation so far, which it takes the place of:\n\n"

/** Messages are written as this API has them, whoever answers. */
const ECHO: Target = { model: "", stream: false, family: "", capabilities: { audio: true } }

/** Whether a request is for a compaction. @param path with or without what is in front of `/responses` */
export function isCompaction(path: string): boolean {
  return path.endsWith(COMPACT_PATH)
}

/**
 * The request for a compaction, as an envelope of its own: relayed as it is, and decoded as a request
 * to summarise the conversation.
 *
 * @throws GatewayError `invalid-request` without a model
 */
export function openCompaction(envelope: RequestEnvelope): RequestEnvelope {
  const { model, previous, cited } = envelope.facts
  if (model === "") throw invalid("You must provide a model parameter.", "model")
  let request: CanonicalRequest | undefined
  return {
    facts: {
      ...{ model, stream: false },
      ...(previous !== undefined && { previous }),
      ...(cited && { cited }),
    },
    relays: ({ compacts }) => compacts === true,
    rewrite: (patch) => envelope.rewrite(patch),
    ...(envelope.decode && {
      decode() {
        request ??= compactionRequest(envelope.decode!())
        return request
      },
    }),
    ...(envelope.withItems && {
      withItems: (answer) => openCompaction(envelope.withItems!(answer)),
    }),
    ...(envelope.continueFrom && {
      continueFrom: (answer) => openCompaction(envelope.continueFrom!(answer)),
    }),
  }
}

/** The same conversation with the wish that it be summarised, in words, whatever else was wished for. */
export function compactionRequest(request: CanonicalRequest): CanonicalRequest {
  const { model, system, turns, tools, reasoning, serviceTier, user, cacheKey } = request
  const wish: Turn = { role: "user", blocks: [{ type: "text", text: INSTRUCTION }] }
  return {
    protocol: request.protocol,
    ...{ model, stream: false, system, tools },
    turns: [...turns, wish],
    // Tools have to be declared where there are calls; now none may be called.
    ...(tools.length > 0 && { toolChoice: { mode: "none" } }),
    ...(reasoning && { reasoning }),
    ...(serviceTier !== undefined && { serviceTier }),
    ...(user !== undefined && { user }),
    ...(cacheKey !== undefined && { cacheKey }),
    extra: new Map(),
  }
}

/**
 * The answer to a compaction: the user's messages as they were, then the summary.
 *
 * @param context of a request that {@link compactionRequest} made
 * @throws GatewayError `upstream-invalid` when there is no summary
 */
export function encodeCompaction(answer: CanonicalAnswer, context: AnswerContext): Uint8Array {
  const stem = idStem(context)
  const compaction = {
    id: `cmp_${stem}`,
    type: "compaction",
    encrypted_content: seal({ family: FAMILY, kind: KIND, payload: summaryIn(answer) }),
  }
  const body = {
    id: `resp_${stem}`,
    object: "response.compaction",
    created_at: Math.floor(context.time / 1000),
    output: [...userMessages(context.request, stem), compaction],
    usage: answer.usage ? writeUsage(answer.usage) : null,
  }
  return Buffer.from(JSON.stringify(body))
}

/** What a compacted conversation said, where it was us who had it made, with an introduction. */
export function summaryOf(item: Fields): string | undefined {
  if (!ITEM_TYPES.has(item["type"])) return undefined
  const state = unseal(text(item["encrypted_content"]) ?? "")?.state
  if (state?.family !== FAMILY || state.kind !== KIND) return undefined
  return INTRODUCTION + state.payload
}

/** The message that says to a native upstream what our own compaction item does; undefined for any other item. */
export function summaryMessage(item: Fields): Fields | undefined {
  const summary = summaryOf(item)
  if (summary === undefined) return undefined
  return { type: "message", role: "developer", content: [{ type: "input_text", text: summary }] }
}

function summaryIn({ choices }: CanonicalAnswer): string {
  const [choice] = choices
  const summary = (choice?.blocks ?? [])
    .flatMap((block) => (block.type === "text" ? block.text : []))
    .join("")
    .trim()
  if (summary === "") {
    throw new GatewayError("upstream-invalid", "The model wrote no summary of the conversation.")
  }
  if (choice?.finish.reason === "length") {
    throw new GatewayError(
      "upstream-invalid",
      "The model's summary of the conversation was cut off.",
    )
  }
  return summary
}

function userMessages({ turns }: CanonicalRequest, stem: string): Fields[] {
  return turns
    .slice(0, -1)
    .filter(({ role }) => role === "user")
    .flatMap(({ blocks }) => {
      const said = blocks.filter((block) => block.type === "text" || block.type === "media")
      return said.length > 0 ? [said.map((block) => encodePart(block, ECHO))] : []
    })
    .map((content, index) => ({
      id: `msg_${stem}_${index}`,
      type: "message",
      status: "completed",
      role: "user",
      content,
    }))
}
