import type { HeaderView } from "../../core/byte-source.ts"
import { table } from "../../core/table.ts"
import type { Finish, FinishReason } from "../../core/canonical.ts"
import { GatewayError } from "../../core/error.ts"
import { type Fields, isRecord, textOf } from "./wire.ts"

const REASONS = table<FinishReason>({
  end_turn: "end",
  max_tokens: "length",
  stop_sequence: "stop-sequence",
  tool_use: "tool-calls",
  pause_turn: "pause",
  refusal: "refusal",
  model_context_window_exceeded: "context-full",
})

/** Why an answer ended, from a message or a `message_delta`. @param called whether it calls tools */
export function readStop(fields: Fields, called: boolean): Finish {
  const word = textOf(fields["stop_reason"])
  const sequence = textOf(fields["stop_sequence"])
  const details = isRecord(fields["stop_details"]) ? fields["stop_details"] : {}
  const explanation = textOf(details["explanation"])
  const said = REASONS[word ?? ""] ?? "other"
  // Some servers say `end_turn` behind a call; and a call of the tool that stands for a schema is none.
  const reason = said === "end" || said === "tool-calls" ? (called ? "tool-calls" : "end") : said
  return {
    reason,
    ...(sequence !== undefined && { sequence }),
    ...(explanation !== undefined && { explanation }),
    ...(word !== undefined && reason === "other" && { native: word }),
  }
}

/** What an answer says of its end: `stop_reason` and what belongs to it. */
export interface Stop {
  stop_reason: string
  stop_sequence: string | null
  stop_details?: { type: "refusal"; category: null; explanation: string | null }
}

/**
 * @param called whether the answer calls tools
 * @param windows whether the client knows `model_context_window_exceeded`
 * @throws GatewayError `upstream-invalid` where no answer of this protocol can say it
 */
export function writeStop(finish: Finish, called: boolean, windows: boolean): Stop {
  const stop = (stop_reason: string): Stop => ({
    stop_reason,
    stop_sequence: stop_reason === "stop_sequence" ? (finish.sequence ?? null) : null,
  })
  switch (finish.reason) {
    case "end":
    case "other":
      return stop(called ? "tool_use" : "end_turn")
    case "stop-sequence":
      return stop("stop_sequence")
    case "tool-calls":
      return stop("tool_use")
    case "length":
      return stop("max_tokens")
    case "context-full":
      return stop(windows ? "model_context_window_exceeded" : "max_tokens")
    case "pause":
      return stop("pause_turn")
    case "refusal":
    case "content-filter":
    case "recitation":
      return {
        ...stop("refusal"),
        stop_details: {
          type: "refusal",
          category: null,
          explanation: finish.explanation ?? null,
        },
      }
    case "malformed-call":
      throw new GatewayError(
        "upstream-invalid",
        finish.explanation ?? "The upstream's model wrote a tool call that cannot be read.",
        { code: "malformed_tool_call" },
      )
  }
}

/** Versions from 2026 on have the stop reason for a full window, older ones with a beta. */
export function knowsWindows(headers: HeaderView): boolean {
  const version = headers.get("anthropic-version") ?? ""
  const betas = headers.get("anthropic-beta") ?? ""
  return version >= "2026" || betas.includes("model-context-window-exceeded")
}
