import { aliveReply } from "../alive.ts"
import { scratch } from "./outgoing.ts"
import { putReplyHead } from "./reply-head.ts"

/** The whole of a GET about which there are no two opinions. */
const PROBE = /^GET \/health\/live HTTP\/1\.1\r\n(?:[\w-]+:[\t -~]*\r\n)+\r\n$/
const HOST = /^host:/gim
/** Whoever sends one of these wants more than to know. */
const OTHERS =
  /^(?:content-length|expect|origin|te|trailer|transfer-encoding|upgrade):|^connection:(?! *keep-alive\r)/im

/** Bytes of the longest probe. */
const LONGEST = 2048
const GET = 0x47

/** The answer to a plain question whether this process is alive; undefined to anything else. */
export function answerIfAlive(bytes: Buffer): Buffer | undefined {
  if (bytes[0] !== GET || bytes.length > LONGEST) return undefined
  const text = bytes.toString("latin1")
  if (!PROBE.test(text) || OTHERS.test(text) || text.match(HOST)?.length !== 1) return undefined
  const { status, headers, body } = aliveReply()
  const answer = body as Uint8Array
  const size = putReplyHead(scratch, status, headers, answer.length, true, Date.now())
  scratch.set(answer, size)
  return Buffer.from(scratch.subarray(0, size + answer.length))
}
