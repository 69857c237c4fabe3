// The upstream of the bench, in a process of its own: answers at once, or streams. Prints its port.
// `bun bench/upstream.ts`; a streamed answer has `chunks` events, `gap` milliseconds apart (query).
import { CHUNKS, completion, GAP, streamEvent, streamUsage } from "./payload.ts"

const encoder = new TextEncoder()
const answer = JSON.stringify(completion())
const event = encoder.encode(streamEvent())
const last = encoder.encode(`${streamUsage()}data: [DONE]\n\n`)

function stream(gap: number): Response {
  let sent = 0
  const body = new ReadableStream<Uint8Array>({
    async pull(controller) {
      if (sent === CHUNKS) {
        controller.enqueue(last)
        controller.close()
        return
      }
      sent += 1
      controller.enqueue(event)
      if (gap > 0) await Bun.sleep(gap)
    },
  })
  return new Response(body, { headers: { "content-type": "text/event-stream" } })
}

const server = Bun.serve({
  hostname: "127.0.0.1",
  port: 0,
  idleTimeout: 0,
  async fetch(request) {
    const text = request.method === "POST" ? await request.text() : ""
    if (!text.includes('"stream":true')) {
      return new Response(answer, { headers: { "content-type": "application/json" } })
    }
    return stream(text.includes('"user":"paced"') ? GAP : 0)
  },
})

process.stdout.write(`${server.port}\n`)
