import { NO_BODY } from "../../core/exchange.ts"
import type { RequestEnvelope } from "../../core/protocol.ts"
import { asBuffer } from "../../transport/json-scan.ts"
import { invalid } from "./invalid.ts"

/** More parts than any audio request has; the scan is linear, this bounds what it keeps. */
const MAX_PARTS = 256

interface Part {
  name: string
  /** Offsets of the part's content. */
  start: number
  end: number
}

/**
 * A multipart/form-data request (RFC 7578). Only the `model` part is rewritten; the file is neither
 * copied nor looked at.
 *
 * @throws GatewayError `invalid-request`
 */
export function openMultipart(body: Uint8Array, contentType: string): RequestEnvelope {
  const boundary = boundaryOf(contentType)
  if (!boundary) {
    throw invalid("The content type must be multipart/form-data with a boundary.", "content-type")
  }
  let buffer = asBuffer(body)
  const parts = scanParts(buffer, boundary)
  const text = (name: string) => {
    const part = parts.find((candidate) => candidate.name === name)
    return part && buffer.toString("utf8", part.start, part.end)
  }
  const models = parts.filter((part) => part.name === "model")
  if (models.length > 1) throw invalid("`model` is given twice.", "model")
  return {
    facts: { model: text("model") ?? "", stream: text("stream") === "true" },
    rewrite({ model }) {
      const part = models[0]
      const pieces = part
        ? [buffer.subarray(0, part.start), Buffer.from(model), buffer.subarray(part.end)]
        : [Buffer.from(formField(boundary, "model", model)), buffer]
      return { body: Buffer.concat(pieces), contentType }
    },
    forget() {
      buffer = asBuffer(NO_BODY)
    },
  }
}

function formField(boundary: string, name: string, value: string): string {
  return `--${boundary}\r\nContent-Disposition: form-data; name="${name}"\r\n\r\n${value}\r\n`
}

function boundaryOf(contentType: string): string | undefined {
  if (!/^multipart\/form-data\b/i.test(contentType)) return undefined
  const match = /;\s*boundary=(?:"([^"]{1,70})"|([^\s;"]{1,70}))/i.exec(contentType)
  return match?.[1] ?? match?.[2]
}

function scanParts(buffer: Buffer, boundary: string): Part[] {
  const delimiter = `--${boundary}`
  const parts: Part[] = []
  let at = buffer.indexOf(delimiter)
  if (at < 0) throw invalid("The body does not contain its multipart boundary.")
  for (;;) {
    at += delimiter.length
    if (buffer.toString("latin1", at, at + 2) === "--") return parts
    const headersStart = at + 2
    const headersEnd = buffer.indexOf("\r\n\r\n", at)
    const next = buffer.indexOf(`\r\n${delimiter}`, Math.max(headersEnd + 2, at))
    if (headersEnd < 0 || next < 0) throw invalid("The multipart body is cut off.")
    if (headersEnd - headersStart > 8192) throw invalid("A multipart header is too long.")
    if (parts.length === MAX_PARTS) throw invalid(`The body has more than ${MAX_PARTS} parts.`)
    const headers = buffer.toString("utf8", headersStart, headersEnd)
    const name = /^content-disposition:[^\r\n]*?[;\s]name="?([^";\r\n]*)"?/im.exec(headers)?.[1]
    parts.push({ name: name ?? "", start: headersEnd + 4, end: Math.max(next, headersEnd + 4) })
    at = next + 2
  }
}
