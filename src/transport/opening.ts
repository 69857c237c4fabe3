import { asBuffer, type JsonField, scanObject } from "./json-scan.ts"
import { scanArray } from "./json-array.ts"
import { skipSpace, skipValue } from "./json-skip.ts"
import { shortText } from "./short-text.ts"

/** How deep texts stand inside messages: a message's content, its parts, and a part's text. */
const DEPTH = 6
/** Where texts stand, in the words of all protocols; the first that is there counts. */
const TEXTS = ["text", "content", "parts"]

const QUOTE = 0x22
const COMMA = 0x2c
const OPEN_BRACE = 0x7b
const OPEN_BRACKET = 0x5b

export interface OpeningParts {
  /** Members that stand before all messages, such as the system prompt. */
  instructions: readonly (JsonField | undefined)[]
  messages: JsonField | undefined
  /** Whether a message with this role belongs to the opening; undefined is one without a role. */
  opens(role: string | undefined): boolean
}

/**
 * A hash of what a conversation begins with: its instructions and the messages before the first answer.
 * The same for each of its turns, since only texts count: clients move their cache marks, and write a
 * text now as a string and now as a part. Nothing is parsed; what comes after the opening is not looked at.
 *
 * @returns undefined where there is no text at all
 */
export function openingOf(body: Uint8Array, parts: OpeningParts): string | undefined {
  const buffer = asBuffer(body)
  const hash = createHash(buffer)
  for (const field of parts.instructions) if (field) hash.add(field.start)
  if (parts.messages) {
    const { start } = parts.messages
    if (buffer[start] === QUOTE) hash.add(start)
    else if (buffer[start] === OPEN_BRACKET) addMessages(buffer, start, parts.opens, hash)
  }
  return hash.result()
}

function addMessages(
  buffer: Buffer,
  array: number,
  opens: OpeningParts["opens"],
  hash: ReturnType<typeof createHash>,
): void {
  let start = skipSpace(buffer, array + 1)
  while (buffer[start] === OPEN_BRACE) {
    const scan = scanObject(buffer, start, false)
    if (!opens(scan && roleOf(buffer, scan.fields))) return
    if (scan) hash.addText(scan.fields)
    const end = scan ? scan.close + 1 : skipValue(buffer, start)
    const next = end < 0 ? -1 : skipSpace(buffer, end)
    if (buffer[next] !== COMMA) return
    start = skipSpace(buffer, next + 1)
  }
}

function roleOf(buffer: Buffer, fields: readonly JsonField[]): string | undefined {
  const role = fields.find(({ key }) => key === "role")
  if (!role || buffer[role.start] !== QUOTE) return undefined
  const [from, to] = [role.start + 1, role.end - 1]
  return shortText(buffer, from, to) ?? buffer.toString("latin1", from, to)
}

/** Hashes the texts of values as they are written, escapes and all. */
function createHash(buffer: Buffer) {
  let hash: bigint | undefined

  function add(start: number, depth: number): void {
    const first = buffer[start]
    if (first === QUOTE) {
      const end = skipValue(buffer, start)
      if (end > 0) hash = Bun.hash.wyhash(buffer.subarray(start, end), hash ?? 0n)
      return
    }
    if (depth === DEPTH) return
    if (first === OPEN_BRACKET) {
      for (const element of scanArray(buffer, start) ?? []) add(element.start, depth + 1)
    } else if (first === OPEN_BRACE) {
      const scan = scanObject(buffer, start, false)
      if (scan) addText(scan.fields, depth)
    }
  }

  function addText(fields: readonly JsonField[], depth: number): void {
    for (const name of TEXTS) {
      const text = fields.find(({ key }) => key === name)
      if (!text) continue
      add(text.start, depth + 1)
      return
    }
  }

  return {
    add: (start: number) => add(start, 0),
    /** Of a message, whose members are known. */
    addText: (fields: readonly JsonField[]) => addText(fields, 0),
    result: () => hash?.toString(36),
  }
}
