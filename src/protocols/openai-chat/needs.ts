import { type NeedSigns, thinks } from "../../canonical/needs.ts"
import { record } from "../../canonical/record.ts"
import type { RequestFacts } from "../../core/protocol.ts"
import { hasItems, membersOf } from "../../transport/json-members.ts"
import type { RequestBody } from "../../transport/request-body.ts"
import { decodeThinking, THINKING_FIELDS } from "./decode-thinking.ts"

const IMAGES = ["image_url", "input_image"]

/** How a Chat request shows what it needs. */
export function needSigns(
  body: Uint8Array,
  opened: RequestBody,
  { stream }: RequestFacts,
): NeedSigns {
  const tools = () => hasItems(body, opened.get("tools")) || hasItems(body, opened.get("functions"))
  const member = (name: string) => membersOf(body, opened, [name])[name]
  return {
    top: {
      streaming: () => stream,
      tools,
      "parallel-tools": () => opened.scalar("parallel_tool_calls") === true && tools(),
      "json-schema": () => record(member("response_format"))["type"] === "json_schema",
      reasoning: () => thinks(decodeThinking(membersOf(body, opened, THINKING_FIELDS))),
    },
    media: {
      vision: IMAGES,
      audio: ["input_audio", "audio_url", "audio"],
      documents: ["file", "input_file", "document_url"],
      video: ["video_url"],
    },
  }
}
