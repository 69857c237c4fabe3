import type { ByteSource } from "../../src/core/byte-source.ts"
import { sourceOfStream } from "../../src/transport/byte-sources.ts"

/** A source as a web stream, for what reads those. */
export function webStreamOf(source: ByteSource | null): ReadableStream<Uint8Array> | null {
  if (!source) return null
  return new ReadableStream(
    {
      async pull(controller) {
        const bytes = await source.read()
        if (bytes) controller.enqueue(bytes)
        else controller.close()
      },
      cancel: () => source.cancel(),
    },
    { highWaterMark: 0 },
  )
}

/** What an upstream that answers by `Response` gives the gateway. */
export function incoming({ status, headers, body }: Response) {
  return { status, headers, body: body && sourceOfStream(body) }
}
