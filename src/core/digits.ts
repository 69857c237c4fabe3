const ZERO = 0x30
const POINT = 0x2e
/** Whole numbers up to this are divided as such, which is cheap. */
const SMALL = 0x7fff_ffff
const MILLION = 1_000_000
const MILLION_DIGITS = 6

/** Bytes that no number takes more of. */
export const MOST_DIGITS = 32

/** Writes a whole number of 0 to 2^53 in decimal. Returns where it ends. */
export function putWhole(bytes: Uint8Array, at: number, value: number): number {
  if (value <= SMALL) return putSmall(bytes, at, value)
  const high = Math.floor(value / MILLION)
  return putFixed(bytes, putWhole(bytes, at, high), value - high * MILLION, MILLION_DIGITS)
}

/** Writes a number as JSON does, which is to be finite. Returns where it ends. */
export function putNumber(bytes: Uint8Array, at: number, value: number): number {
  const thousandths = Math.round(value * 1000)
  // Those that are as near to so many thousandths as a number can be are written with no more digits.
  if (!(thousandths >= 0 && thousandths <= SMALL && thousandths / 1000 === value)) {
    return putText(bytes, at, String(value))
  }
  const whole = Math.trunc(value)
  let end = putSmall(bytes, at, whole)
  const rest = thousandths - whole * 1000
  if (rest === 0) return end
  bytes[end++] = POINT
  end = putFixed(bytes, end, rest, 3)
  while (bytes[end - 1] === ZERO) end--
  return end
}

/** The same, or `null`. */
export function putMaybe(bytes: Uint8Array, at: number, value: number | null): number {
  return value === null ? putText(bytes, at, "null") : putNumber(bytes, at, value)
}

/** Writes a number with zeros before it, in so many digits. */
export function putFixed(bytes: Uint8Array, at: number, value: number, digits: number): number {
  let rest = value | 0
  for (let place = at + digits - 1; place >= at; place--) {
    const next = (rest / 10) | 0
    bytes[place] = ZERO + rest - next * 10
    rest = next
  }
  return at + digits
}

/** Writes ASCII text. */
export function putText(bytes: Uint8Array, at: number, text: string): number {
  for (let n = 0; n < text.length; n++) bytes[at + n] = text.charCodeAt(n)
  return at + text.length
}

function putSmall(bytes: Uint8Array, at: number, value: number): number {
  if (value < 10) {
    bytes[at] = ZERO + value
    return at + 1
  }
  let digits = 2
  for (let more = 100; more <= value; more *= 10) digits++
  return putFixed(bytes, at, value, digits)
}
