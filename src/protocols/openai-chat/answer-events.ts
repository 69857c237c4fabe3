import type { CanonicalEvent, CanonicalUsage } from "../../core/canonical.ts"
import { GatewayError } from "../../core/error.ts"
import type { Decoding } from "../../core/protocol.ts"
import { type ChoiceEvents, createChoiceEvents } from "./choice-events.ts"
import { type Citation, readCitations } from "./citations.ts"
import { decodeUsage } from "./decode-usage.ts"
import { decodeFinish } from "./finish-reason.ts"
import { type Json, recordOf, recordsOf, textOf } from "./json-values.ts"
import type { OpenText } from "./open-text.ts"
import { errorWithin } from "./upstream-error.ts"

interface Choice {
  events: ChoiceEvents
  /** The upstream's word for how it ended. */
  native: string
  sequence: unknown
}

/** Reads the chunks of one answer, as crooked as they may be; a whole answer is one chunk. */
export interface AnswerEvents {
  /** @throws GatewayError for an error inside the chunk */
  push(chunk: Json): CanonicalEvent[]
  /** The same as a chunk that differs from the last one only in what its choice says. */
  say(text: string): CanonicalEvent[]
  /** @throws GatewayError `upstream-truncated` when the answer is not whole */
  end(done: boolean): CanonicalEvent[]
  /** The text that the last chunk has said more of, where further content is only more of it. */
  readonly openText: OpenText | undefined
  /** Whether it was said why the answer ends. */
  readonly stopped: boolean
}

export function createAnswerEvents(decoding: Decoding): AnswerEvents {
  const choices = new Map<number, Choice>()
  let parts = 0
  let started = false
  let id = ""
  let usage: CanonicalUsage | undefined
  let citations: readonly Citation[] = []
  let latest: Choice | undefined

  function choiceAt(index: number): Choice {
    // Some put the text and the calls of one answer into different choices.
    const choice = decoding.severalChoices ? index : 0
    const known = choices.get(choice)
    if (known) return known
    const events = createChoiceEvents({
      choice,
      decoding,
      nextPart: () => parts++,
      makeId: (position) => madeId(`${id}/${choice}/${position}`),
    })
    const fresh: Choice = { events, native: "", sequence: undefined }
    choices.set(choice, fresh)
    return fresh
  }

  function start(chunk: Json): CanonicalEvent[] {
    started = true
    id = textOf(chunk["id"]) ?? `${chunk["created"] ?? ""}`
    const tier = textOf(chunk["service_tier"])
    return [
      {
        type: "start",
        id: textOf(chunk["id"]) ?? "",
        model: textOf(chunk["model"]) ?? "",
        ...(tier !== undefined && { serviceTier: tier }),
      },
    ]
  }

  function takeChoice(entry: Json, position: number): CanonicalEvent[] {
    const index = typeof entry["index"] === "number" ? entry["index"] : position
    const choice = choiceAt(index)
    latest = choice
    const delta = recordOf(entry["delta"] ?? entry["message"])
    const native = textOf(entry["finish_reason"])
    // Of several words for one answer the one that speaks of calls is right.
    if (native !== undefined && !choice.native.includes("call")) choice.native = native
    choice.sequence = entry["stop_reason"] ?? choice.sequence
    return choice.events.push(delta, entry["logprobs"])
  }

  return {
    push(chunk) {
      const error = chunk["error"] ?? (chunk["object"] === "error" ? chunk : undefined)
      if (error) throw errorWithin(error)
      usage = decodeUsage(chunk) ?? usage
      if (chunk["citations"] || chunk["search_results"]) citations = readCitations(chunk)
      const entries = recordsOf(chunk["choices"])
      if (started && entries.length === 1) return takeChoice(entries[0]!, 0)
      const events = started || entries.length === 0 ? [] : start(chunk)
      return [...events, ...entries.flatMap(takeChoice)]
    },
    say: (content) => latest?.events.push({ content }, undefined) ?? [],
    end(done) {
      const all = [...choices]
      const ended = all.length > 0 && all.every(([, { native }]) => native !== "")
      const spoke = all.some(([, { events }]) => events.said)
      if (!ended && !(done && spoke)) throw truncated(spoke)
      const events: CanonicalEvent[] = []
      for (const [, choice] of all) events.push(...choice.events.finish(citations))
      if (usage) events.push({ type: "usage", usage })
      for (const [index, { events: said, native, sequence }] of all) {
        const finish = decodeFinish(native || "stop", said, sequence)
        events.push({ type: "finish", choice: index, finish })
      }
      events.push({ type: "end" })
      return events
    },
    get openText() {
      return latest?.events.openText
    },
    get stopped() {
      return choices.values().some(({ native }) => native !== "")
    },
  }
}

/** An id for a call that came without, in the usual form. */
function madeId(seed: string): string {
  return `call_${new Bun.SHA256().update(seed).digest("hex").slice(0, 24)}`
}

function truncated(spoke: boolean): GatewayError {
  const where = spoke ? "in the middle of the answer" : "before any content"
  return new GatewayError("upstream-truncated", `The upstream's stream ended ${where}.`, {
    code: "upstream_truncated",
  })
}
