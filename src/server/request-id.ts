/** Bytes of randomness that are drawn at once: to draw a few costs as much. */
const DRAWN = 8192
/** Hexadecimal digits of the time in milliseconds, of the count within one, and of what is random. */
const TIME = 12
const COUNT = 3
const RANDOM = 15
/** What is above the lower half of a time's digits. */
const HALF_TIME = 16 ** (TIME / 2)
/** Ids of one millisecond; more of them take the next one's. */
const MOST = 16 ** COUNT

/** The next id, of which only digits change. */
const id = Buffer.from(`req_${"0".repeat(TIME)}7${"0".repeat(COUNT)}8${"0".repeat(RANDOM)}`)
const TIME_END = 4 + TIME
const COUNT_END = TIME_END + 1 + COUNT
const RANDOM_START = id.length - RANDOM
const DIGITS = Buffer.from("0123456789abcdef")

let drawn = new Uint8Array()
let at = 0
let time = 0
let count = 0

/**
 * A request id, unlike any other's: those of one process sort by the order in which they were made. It is
 * a UUID of version 7 without dashes. https://www.rfc-editor.org/rfc/rfc9562#section-5.7
 *
 * @param now milliseconds since 1970
 */
export function requestId(now = Date.now()): string {
  if (now > time) begin(now)
  else if (count === MOST) begin(time + 1)
  write(count++, COUNT_END, COUNT)
  if (at + RANDOM > drawn.length) draw()
  for (let i = RANDOM_START; i < id.length; i++) id[i] = DIGITS[drawn[at++]! & 15]!
  return id.toString("latin1")
}

function begin(milliseconds: number): void {
  time = milliseconds
  count = 0
  const high = Math.floor(milliseconds / HALF_TIME)
  write(high, TIME_END - TIME / 2, TIME / 2)
  write(milliseconds - high * HALF_TIME, TIME_END, TIME / 2)
}

/** Writes a small number's last digits, up to an offset: to divide one of a time costs ten times as much. */
function write(number: number, end: number, digits: number): void {
  let rest = number | 0
  for (let i = end - 1; i >= end - digits; i--) {
    id[i] = DIGITS[rest & 15]!
    rest >>>= 4
  }
}

function draw(): void {
  drawn = crypto.getRandomValues(new Uint8Array(DRAWN))
  at = 0
}
