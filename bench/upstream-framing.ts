/** What a request's head says about its body. */
export interface Framing {
  head: string
  length: number
  chunked: boolean
}

/** Reads a head. */
export function framingOf(head: string): Framing {
  const lower = head.toLowerCase()
  const length = /\r\ncontent-length: *(\d+)/.exec(lower)?.[1]
  return {
    head,
    length: Number(length ?? 0),
    chunked: /\r\ntransfer-encoding: *chunked/.test(lower),
  }
}

const USER = Buffer.from('"user":')
const MODEL_AND_KIND = Buffer.from('"model":"bench-')
const QUOTE = 0x22
const SPACE = 0x20

/** The string that begins at or behind `from`, up to its closing quote. */
function stringFrom(bytes: Buffer, from: number): string | undefined {
  const to = bytes.indexOf(QUOTE, from)
  return to < 0 ? undefined : bytes.toString("latin1", from, to)
}

/** How a body, or the piece of one that says it, wants to be answered: its `user`, or its model behind `bench-`. */
export function saysKind(bytes: Buffer): string | undefined {
  const user = bytes.indexOf(USER)
  if (user >= 0) {
    let from = user + USER.length
    while (bytes[from] === SPACE) from += 1
    return bytes[from] === QUOTE ? stringFrom(bytes, from + 1) : undefined
  }
  const model = bytes.indexOf(MODEL_AND_KIND)
  return model < 0 ? undefined : stringFrom(bytes, model + MODEL_AND_KIND.length)
}

const LAST = Buffer.from("0\r\n\r\n")

/** Whether a chunked body ends here: JSON holds no line breaks of its own that look like it. */
export function atEnd(bytes: Buffer): boolean {
  return bytes.length >= LAST.length && bytes.subarray(-LAST.length).equals(LAST)
}
