// `bun run bench:translate`: what one event of a stream costs for each pair of protocols, without any
// network: decoding and encoding against following a relayed stream, in one run on this machine.
// The streams are those of the tests' scripted upstream, which says the same in every protocol.
import { gcAndSweep, memoryUsage } from "bun:jsc"
import { parseArgs } from "node:util"
import type { RequestHead, ServedProtocol, StreamRelay } from "../src/core/protocol.ts"
import { createTranslation } from "../src/gateway/translation.ts"
import { protocols } from "../src/protocols/index.ts"
import { summarise } from "./statistics.ts"
import { record, SPOKEN, type Sample } from "./translate-samples.ts"

const { values: options } = parseArgs({
  options: { smoke: { type: "boolean", default: false } },
})
const TOKENS = options.smoke ? 50 : 2000
const ROUNDS = options.smoke ? 2 : 15
/** Bytes of one read: a few events, as a busy upstream sends them. */
const CHUNK = 1024

interface Cost {
  /** Microseconds of one event, the median of all rounds. */
  time: number
  /** Bytes by which one event makes the process grow before memory is collected; at least those. */
  memory: number
}

function chunksOf(bytes: Uint8Array): Uint8Array[] {
  const chunks: Uint8Array[] = []
  for (let at = 0; at < bytes.length; at += CHUNK) chunks.push(bytes.subarray(at, at + CHUNK))
  return chunks
}

function drain(relay: StreamRelay, chunks: readonly Uint8Array[]): void {
  for (const chunk of chunks) relay.push(chunk)
  relay.end()
  if (relay.phase !== "complete") throw relay.error ?? new Error(`the stream is ${relay.phase}`)
}

/** Measures `follow` over a whole stream, again and again. */
function measure({ bytes }: Sample, follow: () => StreamRelay): Cost {
  const chunks = chunksOf(bytes)
  const times: number[] = []
  for (let round = 0; round < ROUNDS + 3; round++) {
    const relay = follow()
    const start = Bun.nanoseconds()
    drain(relay, chunks)
    if (round >= 3) times.push((Bun.nanoseconds() - start) / 1000 / TOKENS)
  }
  const growths: number[] = []
  for (let round = 0; round < ROUNDS; round++) {
    gcAndSweep()
    const before = memoryUsage().current
    drain(follow(), chunks)
    growths.push((memoryUsage().current - before) / TOKENS)
  }
  return { time: summarise(times).median, memory: summarise(growths).median }
}

const served = [...protocols.values()].filter(
  (protocol): protocol is ServedProtocol => protocol.ingress?.chat !== undefined,
)

const HEADS: Readonly<Record<string, Pick<RequestHead, "path" | "query">>> = {
  gemini: { path: "/v1beta/models/m:streamGenerateContent", query: "?alt=sse" },
}

/** How a client of this protocol asks. */
function asked(protocol: ServedProtocol, body: Uint8Array) {
  const route = protocol.ingress.routes.find(({ operation }) => operation === "chat")!
  const head: RequestHead = {
    operation: "chat",
    headers: new Headers({ "content-type": "application/json" }),
    ...(HEADS[protocol.id] ?? { path: route.path, query: "" }),
  }
  return { head, envelope: protocol.ingress.inspect(head, body) }
}

const samples = await record(TOKENS)
const costs = new Map<string, Cost>()
// The first pass is for the compiler, which otherwise would favour whoever comes last.
for (const ingress of [...served, ...served]) {
  const { head, envelope } = asked(ingress, samples.get(ingress.id)!.request)
  const context = {
    requestId: "req_bench",
    head,
    request: envelope.decode!(),
    body: samples.get(ingress.id)!.request,
    model: "m",
    time: Date.now(),
  }
  for (const id of SPOKEN) {
    const upstream = protocols.get(id)!.upstream
    const decoding = {
      family: "bench",
      names: new Map<string, string>(),
      custom: new Set<string>(),
    }
    costs.set(
      `${ingress.id} ${id}`,
      measure(samples.get(id)!, () =>
        createTranslation(
          upstream.chat!.createDecoder(decoding),
          ingress.ingress.chat!.createStream(context),
          Infinity,
        ),
      ),
    )
  }
  costs.set(
    `${ingress.id} relay`,
    measure(samples.get(ingress.id)!, () =>
      ingress.upstream.relayStream("chat", envelope, {
        head,
        requestId: "req_bench",
        capabilities: {},
      }),
    ),
  )
}

const columns = ["relay", ...SPOKEN]
const show = (value: (cost: Cost) => string) =>
  served.map(({ id }) => {
    const cells = columns.map((column) => value(costs.get(`${id} ${column}`)!))
    return `| ${id} | ${cells.join(" | ")} |`
  })
const head = [
  `| client \\ upstream | ${columns.join(" | ")} |`,
  `|${"---|".repeat(columns.length + 1)}`,
]
console.log(["\nµs an event:\n", ...head, ...show(({ time }) => time.toFixed(2))].join("\n"))
console.log(["\nbytes an event:\n", ...head, ...show(({ memory }) => memory.toFixed(0))].join("\n"))
const ratios = served.map(({ id }) => {
  const relay = costs.get(`${id} relay`)!.time
  const others = SPOKEN.filter((each) => each !== id).map(
    (each) => costs.get(`${id} ${each}`)!.time,
  )
  return `| ${id} | ${(summarise(others).median / relay).toFixed(1)} |`
})
console.log(
  [
    "\ntranslate : relay, median over upstreams:\n",
    "| client | ratio |",
    "|---|---|",
    ...ratios,
  ].join("\n"),
)
