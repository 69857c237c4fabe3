import { maySleep, stayAwake } from "./awake.ts"
import { Body, type Tap } from "./body.ts"
import { ChunkReader } from "./chunks.ts"
import { ConnectionError, invalidAnswer } from "./connection-error.ts"
import { decoded } from "./decoded.ts"
import { boundHead, HeadBytes } from "./head-bytes.ts"
import { RequestWriter } from "./request-writer.ts"
import { hasHead, type ResponseHead, readHead } from "./response-head.ts"
import type { RoundTrip } from "./round-trip.ts"

/** Interim answers (RFC 9110 §15.2) that may come before the one. */
const MOST_INTERIM = 64
const NOTHING = Buffer.alloc(0)
const UNTIL_CLOSE = Number.POSITIVE_INFINITY

/** Who owns connections. */
export interface Home {
  /** It can take the next request. */
  release(connection: Connection): void
  /** It was dead before it was used again: the request is as good as unsent, and goes over a fresh one. */
  repeat(trip: RoundTrip): void
  /** Whether a request that began then can have met a connection that had just been closed. @param opening its milliseconds */
  mayBeStale(started: number, opening: number): boolean
}

/**
 * One connection, with at most one request on it: connecting or idle, then waiting for a head, then
 * reading a body. Whatever is odd about it ends it.
 */
export class Connection implements Tap {
  /** It is of no use any more. */
  dead = false
  /** Called once it is open, or will never be. */
  onSettled: (() => void) | undefined
  /** Milliseconds that it took to open it. */
  opening = 0
  /** Seconds for which it has been idle, and may be, as its owner counts them. */
  idle = 0
  idleSeconds = 0
  readonly #home: Home
  readonly #writer = new RequestWriter()
  #socket: Bun.Socket<Connection> | undefined
  #isOpen = false
  #trip: RoundTrip | undefined
  /** It has carried a request before. */
  #reused = false
  /** Something of the answer has come. */
  #heard = false
  #interim = 0
  #headBytes: HeadBytes | undefined
  #body: Body | undefined
  /** Bytes of the body that are to come, where it has no chunks. */
  #left = 0
  #chunks: ChunkReader | undefined
  #keepAlive = false
  #paused = false
  /** The server has closed its side in order. */
  #ended = false
  readonly #leave = () => this.#end(this.#trip?.request.signal.reason, true)

  /** @param trip what it is opened for */
  constructor(home: Home, trip: RoundTrip) {
    this.#home = home
    this.#take(trip)
  }

  /** There is a socket, though it may have to be made safe first. */
  reached(socket: Bun.Socket<Connection>): void {
    this.#socket = socket
    socket.unref()
    if (this.dead) socket.terminate()
  }

  /** It is as safe as it should be. */
  opened(): void {
    // A server may ask for another handshake.
    if (this.dead || this.#isOpen) return
    this.#isOpen = true
    this.#leaveOpening()
    if (this.#socket && this.#trip) this.#write(this.#socket, this.#trip)
  }

  /** Sends a request over an idle one. */
  begin(trip: RoundTrip): void {
    this.#reused = true
    this.#take(trip)
    this.#write(this.#socket!, trip)
  }

  /** It has waited long enough for its connection, or its use. */
  close(): void {
    this.dead = true
    this.#socket?.close()
  }

  /** It could not be opened, is not safe, or breaks. */
  fail(error: unknown): void {
    this.#end(error, false)
  }

  /** @param error what `send` rejects with as it is */
  giveUp(error: unknown): void {
    this.#end(error, true)
  }

  received(bytes: Buffer): void {
    if (this.dead) return
    this.#heard = true
    try {
      if (this.#body) this.#readBody(this.#body, bytes)
      else if (this.#trip) this.#readHead(this.#trip, bytes)
      // An answer that nobody has asked for must not become the next one's.
      else this.close()
    } catch (error) {
      this.#end(error, false)
    }
  }

  drained(): void {
    const socket = this.#socket
    if (socket && !this.dead && !this.#writer.go(socket)) this.#end(closed(), false)
  }

  ended(): void {
    this.#ended = true
  }

  closed(error: Error | undefined): void {
    if (this.dead) return
    const body = this.#body
    if (body && this.#left === UNTIL_CLOSE && this.#ended && !error) {
      this.#settle()
      body.finish(NOTHING)
    } else this.#end(error ?? closed(), false)
  }

  pause(): void {
    this.#paused = true
    this.#socket?.pause()
  }

  resume(): void {
    if (!this.#paused) return
    this.#paused = false
    this.#socket?.resume()
  }

  drop(): void {
    this.#end(undefined, true)
  }

  #take(trip: RoundTrip): void {
    stayAwake()
    this.#trip = trip
    this.#heard = false
    trip.request.signal.addEventListener("abort", this.#leave)
  }

  #write(socket: Bun.Socket<Connection>, trip: RoundTrip): void {
    if (!this.#writer.start(socket, trip.head, trip.request.body)) this.#end(closed(), false)
  }

  #readHead(trip: RoundTrip, bytes: Buffer): void {
    let all = bytes
    for (;;) {
      if (this.#headBytes || !hasHead(all, 0)) {
        this.#headBytes ??= new HeadBytes()
        const whole = this.#headBytes.add(all)
        if (!whole) return
        all = whole
        this.#headBytes = undefined
      }
      const head = readHead(all)
      boundHead(head.end)
      all = all.subarray(head.end)
      if (head.status >= 200) {
        this.#answer(trip, head, all)
        return
      }
      if (head.status === 101 || ++this.#interim > MOST_INTERIM) {
        throw invalidAnswer("it goes on with interim answers")
      }
      if (all.length === 0) return
    }
  }

  #answer(trip: RoundTrip, head: ResponseHead, rest: Buffer): void {
    const { status, headers } = head
    this.#interim = 0
    // Whoever says both must not be believed about what comes behind.
    this.#keepAlive = head.keepAlive && !(head.chunked && head.length >= 0)
    this.idleSeconds = head.idleSeconds
    const empty = status === 204 || status === 304 || (head.length === 0 && !head.chunked)
    if (empty) {
      if (rest.length > 0) this.#keepAlive = false
      this.#settle()
      trip.answer({ status, headers, body: null })
      return
    }
    this.#chunks = head.chunked ? new ChunkReader() : undefined
    this.#left = head.length < 0 && !head.chunked ? UNTIL_CLOSE : head.length
    const body = new Body(this)
    this.#body = body
    trip.answer({ status, headers, body: decoded(body, head.encoding) })
    if (rest.length > 0) this.#readBody(body, rest)
  }

  #readBody(body: Body, bytes: Buffer): void {
    const chunks = this.#chunks
    if (chunks) {
      chunks.push(bytes)
      const { from, to } = chunks
      if (!chunks.done) {
        if (to > from) body.push(bytes, from, to)
        return
      }
      if (chunks.used < bytes.length) this.#keepAlive = false
      this.#settle()
      body.finish(bytes.subarray(from, to))
      return
    }
    if (bytes.length < this.#left) {
      this.#left -= bytes.length
      body.push(bytes)
      return
    }
    const data = bytes.length === this.#left ? bytes : bytes.subarray(0, this.#left)
    if (data !== bytes) this.#keepAlive = false
    this.#settle()
    body.finish(data)
  }

  /** The answer is whole. The connection is free before anybody is told, who may want it again. */
  #settle(): void {
    this.#free()
    if (this.#keepAlive && this.#writer.done && !this.#ended) {
      this.resume()
      this.#home.release(this)
    } else this.close()
  }

  /** @param ours whether this side has ended it, and not the network: nothing of the answer is of use */
  #end(error: unknown, ours: boolean): void {
    if (this.dead) return
    this.dead = true
    this.#leaveOpening()
    const trip = this.#trip
    const body = this.#body
    if (trip) this.#free()
    if (ours) this.#socket?.terminate()
    else this.#socket?.close()
    if (body) body.fail(error, ours)
    else if (!trip) return
    else if (ours) trip.giveUp(error)
    else if (this.#isStale(trip)) this.#home.repeat(trip)
    else trip.fail(error)
  }

  #isStale(trip: RoundTrip): boolean {
    return this.#reused && !this.#heard && this.#home.mayBeStale(trip.started, this.opening)
  }

  #leaveOpening(): void {
    this.onSettled?.()
    this.onSettled = undefined
  }

  #free(): void {
    maySleep()
    this.#trip?.request.signal.removeEventListener("abort", this.#leave)
    this.#trip = undefined
    this.#body = undefined
    this.#chunks = undefined
  }
}

function closed(): ConnectionError {
  return new ConnectionError(
    "ConnectionClosed",
    "The connection was closed before the answer's end.",
  )
}
