import { asBuffer } from "./json-scan.ts"
import { skipSpace, skipValue } from "./json-skip.ts"

const COMMA = 0x2c
const OPEN_BRACKET = 0x5b
const CLOSE_BRACKET = 0x5d

/** One element of a JSON array: offsets of its first byte and behind its last one. */
export interface JsonElement {
  start: number
  end: number
}

/**
 * Finds the elements of a JSON array without parsing them. What follows the array is not looked at.
 *
 * @param from offset of the array
 * @returns undefined when this is no well-formed array, as far as a skim can tell
 */
export function scanArray(bytes: Uint8Array, from = 0): readonly JsonElement[] | undefined {
  const buffer = asBuffer(bytes)
  let i = skipSpace(buffer, from)
  if (buffer[i] !== OPEN_BRACKET) return undefined
  const elements: JsonElement[] = []
  i = skipSpace(buffer, i + 1)
  if (buffer[i] === CLOSE_BRACKET) return elements
  for (;;) {
    const start = i
    const end = skipValue(buffer, start)
    if (end < 0) return undefined
    elements.push({ start, end })
    i = skipSpace(buffer, end)
    if (buffer[i] === CLOSE_BRACKET) return elements
    if (buffer[i] !== COMMA) return undefined
    i = skipSpace(buffer, i + 1)
  }
}
