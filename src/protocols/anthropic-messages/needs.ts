import { type NeedSigns, thinks } from "../../canonical/needs.ts"
import { record } from "../../canonical/record.ts"
import type { RequestFacts } from "../../core/protocol.ts"
import { hasItems, membersOf } from "../../transport/json-members.ts"
import type { RequestBody } from "../../transport/request-body.ts"
import { decodeReasoning } from "./decode-thinking.ts"

/** How a Messages request shows what it needs. */
export function needSigns(
  body: Uint8Array,
  opened: RequestBody,
  { stream }: RequestFacts,
): NeedSigns {
  const tools = () => hasItems(body, opened.get("tools"))
  const members = (...names: string[]) => membersOf(body, opened, names)
  return {
    top: {
      streaming: () => stream,
      tools,
      // Several calls at once are what it does unless it is told not to: only a word on it is a wish.
      "parallel-tools": () => {
        const { tool_choice: choice } = members("tool_choice")
        return record(choice)["disable_parallel_tool_use"] === false && tools()
      },
      "json-schema": () => {
        const { output_config: config, output_format: older } = members(
          "output_config",
          "output_format",
        )
        const format = record(config)["format"] ?? older
        return record(format)["type"] === "json_schema"
      },
      reasoning: () => thinks(decodeReasoning(members("thinking", "output_config"), {})),
    },
    media: { vision: ["image"], documents: ["document"], audio: [], video: [] },
  }
}
