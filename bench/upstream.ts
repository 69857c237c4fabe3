// The upstream of the bench, in a process of its own: `bun bench/upstream.ts` prints its port. Written
// straight on sockets with answers made beforehand, so that it costs far less than what is measured.
// A request's `user` says how it is answered, or its model: see `Kind`; `fast:1000` are 1,000 events.
import type { Socket } from "bun"
import { CHUNKS, completion, DELAY, GAP, streamEnd, streamEvent } from "./payload.ts"
import { atEnd, type Framing, framingOf, saysKind } from "./upstream-framing.ts"

interface Connection {
  framing: Framing
  /** The head as far as it has come. */
  head: Buffer | undefined
  /** Bytes of the body that are still to come; undefined between requests. */
  left: number | undefined
  /** The end of what has come of a body, for what is cut in two. */
  carry: Buffer
  /** How the request wants to be answered. */
  asked: string | undefined
  /** What the client was too slow to take. */
  outbox: Buffer[]
  /** Events of a paced stream that were sent. */
  sent: number
}

type Client = Socket<Connection>

const frame = (text: string) => `${Buffer.byteLength(text).toString(16)}\r\n${text}\r\n`
const answer = JSON.stringify(completion())
const WHOLE = Buffer.from(
  `HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: ${Buffer.byteLength(answer)}\r\n\r\n${answer}`,
)
const STREAM = Buffer.from(
  "HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ntransfer-encoding: chunked\r\n\r\n",
)
const EVENT = Buffer.from(frame(streamEvent()))
/** Events that a fast stream writes at once, as a busy upstream does. */
const BATCH = 10
const EVENTS = Buffer.from(frame(streamEvent()).repeat(BATCH))
const END = Buffer.from(`${frame(streamEnd())}0\r\n\r\n`)
const NONE = Buffer.alloc(0)

function send(client: Client, bytes: Buffer): void {
  const { outbox } = client.data
  if (outbox.length > 0) {
    outbox.push(bytes)
    return
  }
  const written = client.write(bytes)
  if (written >= 0 && written < bytes.length) outbox.push(bytes.subarray(written))
}

function flush(client: Client): void {
  const { outbox } = client.data
  while (outbox[0]) {
    const written = client.write(outbox[0])
    if (written < outbox[0].length) {
      if (written > 0) outbox[0] = outbox[0].subarray(written)
      return
    }
    outbox.shift()
  }
}

// Paced streams wait in as many slots as a gap has milliseconds, so that their events come spread out
// and one timer serves them all.
const slots = Array.from({ length: GAP }, () => new Set<Client>())
let nextSlot = 0
const delayed: { client: Client; due: number }[] = []
let firstDelayed = 0
let tick = 0
let ticking: Timer | undefined

/** Lets time pass from now on: nobody pays for a clock while nobody waits. */
function startTicking(): void {
  if (ticking) return
  tick = Math.floor(performance.now())
  ticking = setInterval(onTick, 1)
}

function onTick(): void {
  const now = performance.now()
  for (; tick < now; tick += 1) {
    const slot = slots[tick % GAP]!
    for (const client of slot) {
      client.data.sent += 1
      if (client.data.sent <= CHUNKS) send(client, EVENT)
      else {
        slot.delete(client)
        send(client, END)
      }
    }
  }
  for (
    let first = delayed[firstDelayed];
    first && first.due <= now;
    first = delayed[firstDelayed]
  ) {
    send(first.client, WHOLE)
    firstDelayed += 1
  }
  if (firstDelayed > 10_000 || firstDelayed === delayed.length) {
    delayed.splice(0, firstDelayed)
    firstDelayed = 0
  }
  if (delayed.length > 0 || slots.some((slot) => slot.size > 0)) return
  clearInterval(ticking)
  ticking = undefined
}

function reply(client: Client): void {
  const [kind, count] = (client.data.asked ?? "plain").split(":")
  if (kind === "slow") {
    delayed.push({ client, due: performance.now() + DELAY })
    startTicking()
  } else if (kind === "paced") {
    send(client, STREAM)
    client.data.sent = 0
    startTicking()
    nextSlot = (nextSlot + 1) % GAP
    slots[nextSlot]!.add(client)
  } else if (kind === "fast") {
    send(client, STREAM)
    let left = count ? Number(count) : CHUNKS
    for (; left >= BATCH; left -= BATCH) send(client, EVENTS)
    for (; left > 0; left -= 1) send(client, EVENT)
    send(client, END)
  } else send(client, WHOLE)
}

/** Takes a piece of a body. */
function take(client: Client, bytes: Buffer): void {
  const connection = client.data
  const { framing } = connection
  const seen = connection.carry.length > 0 ? Buffer.concat([connection.carry, bytes]) : bytes
  connection.asked ??= saysKind(seen)
  if (framing.chunked) {
    if (!atEnd(seen)) {
      connection.carry = Buffer.from(seen.subarray(-64))
      return
    }
  } else {
    connection.left = connection.left! - bytes.length
    if (connection.left > 0) {
      connection.carry = Buffer.from(seen.subarray(-64))
      return
    }
  }
  connection.carry = NONE
  connection.left = undefined
  reply(client)
  connection.asked = undefined
}

const server = Bun.listen<Connection>({
  hostname: "127.0.0.1",
  port: 0,
  socket: {
    open(client) {
      client.data = {
        framing: framingOf(""),
        head: undefined,
        left: undefined,
        carry: NONE,
        asked: undefined,
        outbox: [],
        sent: 0,
      }
    },
    data(client, bytes) {
      const connection = client.data
      if (connection.left !== undefined) {
        take(client, bytes)
        return
      }
      const seen = connection.head ? Buffer.concat([connection.head, bytes]) : bytes
      const end = seen.indexOf("\r\n\r\n")
      if (end < 0) {
        connection.head = Buffer.from(seen)
        return
      }
      connection.head = undefined
      const head = seen.toString("latin1", 0, end)
      if (head !== connection.framing.head) connection.framing = framingOf(head)
      connection.left = connection.framing.length
      take(client, seen.subarray(end + 4))
    },
    drain: flush,
    close(client) {
      for (const slot of slots) slot.delete(client)
    },
    error() {},
  },
})

process.stdout.write(`${server.port}\n`)
