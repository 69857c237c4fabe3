/** Places for texts; a power of two. */
const PLACES = 512
const LONGEST = 32

/** Texts that were met, each in the place of its hash until another one comes there. */
const met: (string | undefined)[] = new Array(PLACES).fill(undefined)

/**
 * A short text without anything special in it: printable ASCII and no backslash. Names of members and
 * models come again and again, and the same string is given for the same bytes, which costs no allocation.
 *
 * @returns undefined for any other text
 */
export function shortText(buffer: Buffer, start: number, end: number): string | undefined {
  const length = end - start
  if (length > LONGEST) return undefined
  if (length <= 0) return ""
  // A few bytes tell most names apart; the others take turns in one place.
  const middle = buffer[start + (length >> 1)]!
  const hash = ((buffer[start]! * 31 + middle) * 31 + buffer[end - 1]!) * 31 + length
  const place = (hash ^ (hash >>> 9)) & (PLACES - 1)
  const known = met[place]
  if (known !== undefined && known.length === length && isAt(buffer, start, known)) return known
  if (!isPlain(buffer, start, end)) return undefined
  const text = buffer.toString("latin1", start, end)
  met[place] = text
  return text
}

function isPlain(buffer: Buffer, start: number, end: number): boolean {
  for (let i = start; i < end; i++) {
    const byte = buffer[i]!
    if (byte < 0x20 || byte > 0x7e || byte === 0x5c) return false
  }
  return true
}

function isAt(buffer: Buffer, start: number, text: string): boolean {
  for (let i = 0; i < text.length; i++) {
    if (buffer[start + i] !== text.charCodeAt(i)) return false
  }
  return true
}
