const QUOTE = 0x22
const BACKSLASH = 0x5c
const MINUS = 0x2d
const POINT = 0x2e
/** Bytes of a string that are looked at one by one before a native search, whose call costs as much. */
const NEAR = 16

/** @returns the offset of the first byte that is no white space */
export function skipSpace(buffer: Buffer, from: number): number {
  let i = from
  for (; i < buffer.length; i++) {
    const byte = buffer[i]!
    if (byte > 0x20 || (byte !== 0x20 && byte !== 0x0a && byte !== 0x0d && byte !== 0x09)) break
  }
  return i
}

/** @returns the offset behind the closing quote, or -1 */
export function skipString(buffer: Buffer, quote: number): number {
  const { length } = buffer
  let i = quote + 1
  for (;;) {
    const near = i + NEAR < length ? i + NEAR : length
    while (i < near) {
      const byte = buffer[i]!
      if (byte === QUOTE) return i + 1
      i += byte === BACKSLASH ? 2 : 1
    }
    const end = buffer.indexOf(QUOTE, i)
    if (end < 0) return -1
    // Where this run began in front of `i`, that part of it is whole escapes.
    let slashes = 0
    while (buffer[end - 1 - slashes] === BACKSLASH) slashes++
    i = end + 1
    if (slashes % 2 === 0) return i
  }
}

/** @returns the offset behind the value, or -1 */
export function skipValue(buffer: Buffer, start: number): number {
  if (start >= buffer.length) return -1
  switch (buffer[start]) {
    case QUOTE:
      return skipString(buffer, start)
    case 0x7b:
    case 0x5b:
      return skipNested(buffer, start)
    case 0x74:
      return skipWord(buffer, start, "true")
    case 0x66:
      return skipWord(buffer, start, "false")
    case 0x6e:
      return skipWord(buffer, start, "null")
    default:
      return skipNumber(buffer, start)
  }
}

function skipWord(buffer: Buffer, start: number, word: string): number {
  const end = start + word.length
  if (end > buffer.length) return -1
  for (let i = 1; i < word.length; i++) {
    if (buffer[start + i] !== word.charCodeAt(i)) return -1
  }
  return end
}

/** @returns the offset behind a number as JSON writes it, or -1 */
function skipNumber(buffer: Buffer, start: number): number {
  const first = buffer[start] === MINUS ? start + 1 : start
  let i = skipDigits(buffer, first)
  if (i === first || (i > first + 1 && buffer[first] === 0x30)) return -1
  if (i < buffer.length && buffer[i] === POINT) {
    const fraction = i + 1
    i = skipDigits(buffer, fraction)
    if (i === fraction) return -1
  }
  if (i < buffer.length && (buffer[i]! | 0x20) === 0x65) {
    i++
    if (i < buffer.length && (buffer[i] === 0x2b || buffer[i] === MINUS)) i++
    const exponent = i
    i = skipDigits(buffer, exponent)
    if (i === exponent) return -1
  }
  return i
}

function skipDigits(buffer: Buffer, from: number): number {
  let i = from
  while (i < buffer.length && (buffer[i]! - 0x30) >>> 0 < 10) i++
  return i
}

/** Skips an object or array by counting brackets outside strings; depth is no recursion. */
function skipNested(buffer: Buffer, start: number): number {
  let depth = 0
  let i = start
  while (i < buffer.length) {
    const byte = buffer[i]!
    if (byte === QUOTE) {
      i = skipString(buffer, i)
      if (i < 0) return -1
      continue
    }
    i++
    // Both kinds of bracket differ in this bit alone.
    const bracket = byte | 0x20
    if (bracket === 0x7b) depth++
    else if (bracket === 0x7d && --depth === 0) return i
  }
  return -1
}
