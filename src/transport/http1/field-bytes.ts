const LF = 0x0a
const CR = 0x0d
const SPACE = 0x20
const TAB = 0x09
const ZERO = 0x30
/** All numbers of so many are exact. */
const MOST_DIGITS = 15

/** Whether this text stands at that offset. */
export function holds(bytes: Buffer, start: number, text: Buffer): boolean {
  for (let n = 0; n < text.length; n++) if (bytes[start + n] !== text[n]) return false
  return true
}

/**
 * The length that a field's value names: digits between blanks.
 *
 * @param end offset behind the value, or behind its line
 * @returns -1 where it is no number, or too large to be exact
 */
export function lengthIn(bytes: Buffer, start: number, end: number): number {
  let at = start
  let last = end
  while (bytes[at] === SPACE || bytes[at] === TAB) at++
  while (last > at && isBlankOrEnd(bytes[last - 1]!)) last--
  if (last === at || last - at > MOST_DIGITS) return -1
  let length = 0
  for (; at < last; at++) {
    const digit = bytes[at]! - ZERO
    if (digit < 0 || digit > 9) return -1
    length = length * 10 + digit
  }
  return length
}

function isBlankOrEnd(byte: number): boolean {
  return byte === LF || byte === CR || byte === SPACE || byte === TAB
}
