import { type NeedSigns, thinks } from "../../canonical/needs.ts"
import { record } from "../../canonical/record.ts"
import type { RequestFacts } from "../../core/protocol.ts"
import { hasItems, membersOf } from "../../transport/json-members.ts"
import type { RequestBody } from "../../transport/request-body.ts"
import { decodeReasoningWish } from "./decode-request.ts"

/** How a Responses request shows what it needs. */
export function needSigns(
  body: Uint8Array,
  opened: RequestBody,
  { stream }: RequestFacts,
): NeedSigns {
  const tools = () => hasItems(body, opened.get("tools"))
  const members = (name: string) => membersOf(body, opened, [name])
  return {
    top: {
      streaming: () => stream,
      tools,
      "parallel-tools": () => opened.scalar("parallel_tool_calls") === true && tools(),
      "json-schema": () => {
        const { text } = members("text")
        return record(record(text)["format"])["type"] === "json_schema"
      },
      reasoning: () => thinks(decodeReasoningWish(members("reasoning")).reasoning),
    },
    media: {
      vision: ["input_image", "image_url", "computer_screenshot"],
      audio: ["input_audio"],
      documents: ["input_file"],
      video: [],
    },
  }
}
