import { afterAll, beforeAll, expect, test } from "bun:test"
import { type Bed, startBed } from "./bed.ts"
import { CHAT_PATH, request } from "./requests.ts"
import { verdictOf } from "./verdict.ts"

let bed: Bed
beforeAll(async () => {
  bed = await startBed()
})
afterAll(() => bed.close())

const PLACES: Record<string, (byte: string) => Uint8Array> = {
  "the name of a header": (byte) => request({ lines: [`x${byte}y: 1`] }),
  "the beginning of a header's name": (byte) => request({ lines: [`${byte}x: 1`] }),
  "the end of a header's name": (byte) => request({ lines: [`x${byte}: 1`] }),
  "the value of a header": (byte) => request({ lines: [`x-odd: a${byte}b`] }),
  "the beginning of a header's value": (byte) => request({ lines: [`x-odd:${byte}a`] }),
  "the end of a header's value": (byte) => request({ lines: [`x-odd: a${byte}`] }),
  "the place before a length": (byte) => request({ framing: [`content-length:${byte}57`] }),
  "the place behind a length": (byte) => request({ framing: [`content-length: 57${byte}`] }),
  "a host": (byte) => request({ host: [`host: local${byte}host`] }),
  "a path": (byte) => request({ target: `/v1/chat${byte}/completions` }),
  "the end of a path": (byte) => request({ target: `${CHAT_PATH}${byte}` }),
  "a query": (byte) => request({ target: `${CHAT_PATH}?a${byte}b` }),
  "the version": (byte) => request({ version: `HTTP/1${byte}1` }),
  "the end of the first line": (byte) => request({ version: `HTTP/1.1${byte}` }),
}
/** A digit makes another length of one, and a line feed another line: their requests have no end. */
const endless = (place: string, byte: string) => /length/.test(place) && /\d/.test(byte)

test.each(Object.entries(PLACES))("any byte in %s is taken or refused alike", async (place, of) => {
  for (let code = 0; code < 256; code++) {
    const byte = String.fromCharCode(code)
    if (endless(place, byte)) continue
    const behind = await verdictOf(bed.inner, bed, of(byte))
    const front = await verdictOf(bed.url, bed, of(byte))
    expect({ code, ...front }).toEqual({ code, ...behind })
  }
})
