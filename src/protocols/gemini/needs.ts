import { type NeedSigns, thinks } from "../../canonical/needs.ts"
import type { RequestFacts } from "../../core/protocol.ts"
import { hasItems } from "../../transport/json-members.ts"
import { type JsonField, type JsonObjectScan, parseField } from "../../transport/json-scan.ts"
import { readConfig } from "./decode-config.ts"
import { snakeCase } from "./fields.ts"

/** Every kind of file stands in the same parts; which it is, its media type says. */
const FILES = ["inlineData", "inline_data", "fileData", "file_data"]

/** How a request to generate content shows what it needs. */
export function needSigns(
  body: Uint8Array,
  { fields }: JsonObjectScan,
  { stream }: RequestFacts,
): NeedSigns {
  function field(name: string): JsonField | undefined {
    const snake = snakeCase(name)
    return fields.findLast(({ key }) => key === name || key === snake)
  }
  const config = () => {
    const found = field("generationConfig")
    return found ? readConfig(parseField(body, found), new Map()) : {}
  }
  return {
    top: {
      streaming: () => stream,
      tools: () => hasItems(body, field("tools")),
      // The API has no word on it.
      "parallel-tools": () => false,
      "json-schema": () => config().output?.type === "schema",
      reasoning: () => thinks(config().reasoning),
    },
    media: {
      vision: FILES,
      documents: FILES,
      audio: [...FILES, "responseModalities", "response_modalities"],
      video: FILES,
    },
  }
}
