const encoder = new TextEncoder()

/**
 * How many bytes the character beyond ASCII has that begins there.
 * https://www.rfc-editor.org/rfc/rfc3629#section-4
 *
 * @returns 0 where it is none, or not all of it stands before `end`
 */
export function characterSize(bytes: Uint8Array, at: number, end: number): number {
  const first = bytes[at]!
  const size = first < 0xc2 || first > 0xf4 ? 0 : first < 0xe0 ? 2 : first < 0xf0 ? 3 : 4
  if (size === 0 || at + size > end) return 0
  const second = bytes[at + 1]!
  const least = first === 0xe0 ? 0xa0 : first === 0xf0 ? 0x90 : 0x80
  const most = first === 0xed ? 0x9f : first === 0xf4 ? 0x8f : 0xbf
  if (second < least || second > most) return 0
  for (let each = 2; each < size; each++) if ((bytes[at + each]! & 0xc0) !== 0x80) return 0
  return size
}

/** A short text as bytes: for these `TextEncoder` takes a quarter of the time of `Buffer.from`. */
export function utf8(text: string): Uint8Array {
  return encoder.encode(text)
}
