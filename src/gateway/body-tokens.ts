import { sniffMime } from "../canonical/media.ts"
import { asBuffer } from "../transport/json-scan.ts"
import { skipSpace } from "../transport/json-skip.ts"
import { documentTokens, mediaTokens } from "../governance/media-tokens.ts"

/** Bytes of JSON that one token takes, about. https://platform.openai.com/tokenizer */
export const BYTES_PER_TOKEN = 4
/** Bytes below which a body has no file that matters. */
const SMALL = 4096
/** Characters below which a string is taken for text, and those of a file that tell what it is. */
const SHORT = 1024
const HEAD = 4096
/** Bytes of a file of sound or moving images that one token takes, at least. */
const MEDIA_BYTES_PER_TOKEN = 430

/** With what a multipart body begins, which is a file and little else. */
const HYPHEN = 0x2d

/** Where files begin, in every protocol that is served: data URLs, and members of this name. */
const URL_MARK = Buffer.from("base64,")
const MEMBER_MARK = Buffer.from('"data"')

/**
 * Tokens that a request has, guessed from its size: a file counts by what it is, not by its bytes.
 * It takes a few native searches, whatever the size.
 */
export function guessTokens(body: Uint8Array): number {
  if (body[0] === HYPHEN) return Math.ceil(body.length / MEDIA_BYTES_PER_TOKEN)
  const files = body.length < SMALL ? undefined : filesIn(asBuffer(body))
  if (!files) return Math.ceil(body.length / BYTES_PER_TOKEN)
  return Math.ceil((body.length - files.bytes) / BYTES_PER_TOKEN) + files.tokens
}

function filesIn(body: Buffer): { bytes: number; tokens: number } {
  const files = { bytes: 0, tokens: 0 }
  for (let at = body.indexOf(URL_MARK); at >= 0; ) {
    at = body.indexOf(URL_MARK, add(at + URL_MARK.length))
  }
  for (let at = body.indexOf(MEMBER_MARK); at >= 0; ) {
    let next = skipSpace(body, at + MEMBER_MARK.length)
    if (body[next] === 0x3a) next = skipSpace(body, next + 1)
    at = body.indexOf(MEMBER_MARK, body[next] === 0x22 ? add(next + 1) : next)
  }
  return files

  /** @returns where the string that goes on here ends */
  function add(start: number): number {
    const end = body.indexOf(0x22, start)
    if (end < 0) return body.length
    const length = end - start
    if (length < SHORT) return end
    const head = body.toString("latin1", start, start + Math.min(length, HEAD))
    // A data URL begins with other characters, and was counted by its own mark.
    if (!/^[A-Za-z0-9+/_=-]{64}/.test(head)) return end
    files.bytes += length
    files.tokens += tokensOf(head, length)
    return end
  }
}

function tokensOf(head: string, length: number): number {
  const mime = sniffMime(head) ?? ""
  if (mime === "application/pdf") return documentTokens(undefined, length)
  if (!mime.startsWith("image/")) return Math.ceil((length * 0.75) / MEDIA_BYTES_PER_TOKEN)
  return mediaTokens({ type: "media", kind: "image", mime, source: { type: "base64", data: head } })
}
