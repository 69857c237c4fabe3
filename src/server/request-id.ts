/** Bytes of randomness that are drawn at once: to draw a few costs as much. */
const DRAWN = 8192
/** Hexadecimal digits of the time in milliseconds, of the count within one, and of what is random. */
const TIME = 12
const COUNT = 3
const RANDOM = 15
/** Ids of one millisecond; more of them take the next one's. */
const MOST = 16 ** COUNT

let digits = ""
let at = 0
let time = 0
let count = 0
let prefix = ""

/**
 * A request id, unlike any other's: those of one process sort by the order in which they were made. It is
 * a UUID of version 7 without dashes. https://www.rfc-editor.org/rfc/rfc9562#section-5.7
 *
 * @param now milliseconds since 1970
 */
export function requestId(now = Date.now()): string {
  if (now > time) begin(now)
  else if (count === MOST) begin(time + 1)
  if (at + RANDOM > digits.length) draw()
  const random = digits.slice(at, at + RANDOM)
  at += RANDOM
  const order = (count++).toString(16).padStart(COUNT, "0")
  return `${prefix}7${order}8${random}`
}

function begin(milliseconds: number): void {
  time = milliseconds
  count = 0
  prefix = `req_${milliseconds.toString(16).padStart(TIME, "0")}`
}

function draw(): void {
  digits = Buffer.from(crypto.getRandomValues(new Uint8Array(DRAWN))).toString("hex")
  at = 0
}
