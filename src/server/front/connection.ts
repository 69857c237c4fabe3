import type { Bagged } from "../../core/bag.ts"
import { clientGone, toGatewayError } from "../../core/error.ts"
import type { Reply } from "../../core/exchange.ts"
import { Life } from "../../core/life.ts"
import type { ServerSettings } from "../../core/settings.ts"
import type { Runtime } from "../../runtime.ts"
import { openExchange } from "../exchange.ts"
import { type Listener, shuttingDown } from "../listener.ts"
import { requireLocal } from "../local-only.ts"
import { prepareReply, type Sent } from "../reply.ts"
import { Outgoing, scratch, TOGETHER } from "./outgoing.ts"
import { HeadMemory } from "./head-memory.ts"
import { answerIfAlive } from "./liveness.ts"
import { Passage } from "./passage.ts"
import type { Place, Places } from "./places.ts"
import type { PlainHead } from "./plain-head.ts"
import { CHUNKED, putReplyHead, UNTIL_CLOSE } from "./reply-head.ts"
import { type Bearer, StreamedBody } from "./streamed-body.ts"
import { Upload } from "./upload.ts"

/** Bytes that are taken in though it is not their turn: whoever reads nothing does not hear that its client leaves. */
const MOST_BEHIND = 64 * 1024

/** Bytes of a head that is put together with what follows: an upstream may have written much of it. */
const USUAL_HEAD = TOGETHER / 2

/** Bytes of a body that have to come until the idle time counts anew: single ones keep no connection open. */
const PROGRESS = 4096

type Opened = ReturnType<typeof openExchange>

/** What all connections share. */
export interface House {
  readonly runtime: Runtime
  readonly listener: Listener
  readonly places: Places
  /** Port of Elysia's own server, on this machine. */
  readonly port: number
  /** The addresses of clients whose connections go there, by the port from which they do. */
  readonly peers: Map<number, string>
  /** Counts seconds. */
  readonly seconds: number
  /** No connection is to be used again. */
  readonly closing: boolean
  /** Of one connection, this was the last that is heard. */
  gone(connection: Connection): void
}

/**
 * One client's connection: waiting for a head, then reading a body, then serving it; or, from the first
 * request on that is not plain, a passage to Elysia's server.
 */
export class Connection implements Bearer, Bagged {
  place = -1
  readonly #house: House
  readonly #socket: Bun.Socket<Connection>
  readonly #out: Outgoing
  readonly #heads = new HeadMemory()
  #passage: Passage | undefined
  #head: PlainHead | undefined
  #upload: Upload | undefined
  /** Of the request whose body is being read. */
  #uploader: Life | undefined
  /** Of the request that is being served. */
  #life: Life | undefined
  #exchange: Opened | undefined
  #settings: ServerSettings | undefined
  #body: StreamedBody | undefined
  /** What has come before it was its turn. */
  #behind: Buffer | undefined
  #ending = false
  #dead = false
  /** When something has last come or gone, by the house's count. */
  #heard: number
  /** Seconds for which the client has taken nothing of what waits for it. */
  #stalled = 0

  constructor(house: House, socket: Bun.Socket<Connection>) {
    this.#house = house
    this.#socket = socket
    this.#out = new Outgoing(socket)
    this.#heard = house.seconds
  }

  /** Whether nothing has come or gone since the beginning of a second, though nothing is being done for it. */
  isIdleSince(second: number): boolean {
    return !this.#life && !this.#passage && this.#heard < second
  }

  /** Another second has passed. @returns whether the client has taken nothing for so many, though there is something */
  hasStalled(seconds: number): boolean {
    this.#stalled = this.#out.waits ? this.#stalled + 1 : 0
    return this.#stalled > seconds
  }

  /** Whether it waits for a request of which nothing has come. */
  get isFree(): boolean {
    return !this.#life && !this.#passage && !this.#upload && !this.#out.waits
  }

  /** Ends it at once. */
  cut(): void {
    this.#socket.terminate()
  }

  /** Ends it. What the system has taken, the client may still read: a reset would take that away from it. */
  close(): void {
    this.#socket.end()
  }

  received(bytes: Buffer): void {
    // Read so that it is no reason for a reset, but it keeps nothing open.
    if (this.#ending) return
    if (!this.#upload) this.#heard = this.#house.seconds
    if (this.#passage) this.#passage.fromClient(bytes)
    else if (this.#life || this.#out.waits) this.#wait(bytes)
    else if (this.#upload) this.#read(this.#upload, bytes)
    else this.#begin(bytes)
  }

  drained(): void {
    this.#heard = this.#house.seconds
    this.#stalled = 0
    if (this.#passage) {
      this.#passage.clientTakesMore()
      return
    }
    if (!this.#out.waits || !this.#out.go()) return
    if (this.#body) this.#body.drained()
    else if (!this.#life) this.#next()
  }

  closed(): void {
    if (this.#dead) return
    this.#dead = true
    this.#behind = undefined
    this.#house.gone(this)
    this.#passage?.clientGone()
    if (this.#upload) this.#house.runtime.refuse(this.#exchange!, clientGone())
    // Whoever serves it may end the body itself.
    this.#life?.abort(clientGone())
    this.#body?.cancel()
  }

  done(): void {
    this.#free()
    this.#heard = this.#house.seconds
    if (!this.#out.waits) this.#next()
  }

  broken(): void {
    this.#free()
    // Where no last chunk says that an answer is whole, its end would: only a reset says that it is not.
    if (this.#head?.chunks) this.close()
    else this.cut()
  }

  /** What was served may be forgotten. */
  #free(): void {
    this.#body = undefined
    this.#life = undefined
    this.#exchange = undefined
  }

  /** The answer is on its way: goes on with what has come meanwhile. */
  #next(): void {
    // Without a head, the answer was to a question whether this process is alive.
    if (this.#head?.keepAlive === false || this.#house.closing) {
      this.#ending = true
      if (this.#behind && !this.#house.closing) this.#linger()
      else this.close()
      return
    }
    // Not from here: a thousand requests in one piece are not a thousand deep.
    if (this.#behind) queueMicrotask(this.#goOn)
  }

  /** Ends its own side alone: what still comes would reset what is not read yet. RFC 9112 §9.6. */
  #linger(): void {
    this.#behind = undefined
    this.#socket.shutdown()
    this.#socket.resume()
  }

  readonly #goOn = (): void => {
    const behind = this.#behind
    if (!behind || this.#dead) return
    this.#behind = undefined
    this.#socket.resume()
    this.received(behind)
  }

  #wait(bytes: Buffer): void {
    this.#behind = this.#behind ? Buffer.concat([this.#behind, bytes]) : bytes
    if (this.#behind.length > MOST_BEHIND) this.#socket.pause()
  }

  #begin(bytes: Buffer): void {
    const head = this.#heads.read(bytes)
    // A new process that is asked whether it is there need not load what the others go through.
    const place = head && this.#house.places.find(head.path)
    const { limits, server } = this.#house.runtime.settings
    if (!place || head.length > limits.body) {
      // Who may read it is not said there.
      const alive = server.cors ? undefined : answerIfAlive(bytes)
      if (alive && !this.#house.closing) this.#out.send(alive)
      else this.#pass(bytes)
      return
    }
    this.#head = head
    const end = head.end + head.length
    if (bytes.length < end) {
      this.#uploader = new Life()
      this.#exchange = this.#open(head, place, this.#uploader)
      this.#upload = new Upload(head.length)
      this.#upload.add(bytes.subarray(head.end))
      return
    }
    if (bytes.length > end) this.#wait(bytes.subarray(end))
    const life = new Life()
    this.#serve(this.#open(head, place, life), life, bytes.subarray(head.end, end))
  }

  #read(upload: Upload, bytes: Buffer): void {
    const before = upload.filled
    const taken = upload.add(bytes)
    const { body } = upload
    if (Math.floor(upload.filled / PROGRESS) > Math.floor(before / PROGRESS)) {
      this.#heard = this.#house.seconds
    }
    if (!body) return
    this.#upload = undefined
    if (taken < bytes.length) this.#wait(bytes.subarray(taken))
    this.#serve(this.#exchange!, this.#uploader!, body)
  }

  #pass(bytes: Buffer): void {
    const { port, peers } = this.#house
    this.#passage = new Passage(this.#socket, this.#out, port, peers)
    this.#passage.fromClient(bytes)
  }

  #open({ headers, query }: PlainHead, { protocol, operation, path }: Place, life: Life): Opened {
    const place = { path, query }
    return openExchange(this.#house.runtime, protocol, operation, headers, place, life)
  }

  #serve(exchange: Opened, life: Life, body: Buffer): void {
    const { runtime, listener } = this.#house
    const { settings } = runtime.snapshot
    exchange.body = body
    this.#life = life
    this.#exchange = exchange
    this.#settings = settings.server
    try {
      requireLocal(settings, listener, exchange)
      if (listener.draining) throw shuttingDown()
    } catch (thrown) {
      this.#answer(runtime.refuse(exchange, toGatewayError(thrown)))
      return
    }
    listener.begin(exchange)
    exchange.ended = () => listener.end(exchange)
    runtime.handle(exchange).then(this.#answer, this.#fail)
  }

  readonly #answer = (reply: Reply): void => {
    try {
      const sent = prepareReply(this.#exchange!.headers, reply, this.#settings!)
      if (sent instanceof Promise) sent.then(this.#send).catch(this.#fail)
      else this.#send(sent)
    } catch (thrown) {
      this.#fail(thrown)
    }
  }

  /** Nothing of the router should throw; whoever is served when it does must not wait for ever. */
  readonly #fail = (thrown: unknown): void => {
    const { runtime } = this.#house
    runtime.logger.error("a request failed inside the router", {
      id: this.#exchange?.id,
      cause: String(thrown),
    })
    if (this.#exchange && !this.#body && !this.#dead) {
      this.#send(runtime.refuse(this.#exchange, toGatewayError(thrown)) as Sent)
      return
    }
    this.#body?.cancel()
    this.broken()
  }

  readonly #send = ({ status, headers, body }: Sent): void => {
    const whole = body instanceof Uint8Array
    if (this.#dead) {
      if (!whole) body.cancel()
      return
    }
    const { chunks } = this.#head!
    const keepAlive = this.#head!.keepAlive && !this.#house.closing
    if (!keepAlive) this.#head!.keepAlive = false
    const length = whole ? body.length : chunks ? CHUNKED : UNTIL_CLOSE
    const now = Date.now()
    let bytes = scratch
    let size = putReplyHead(bytes, status, headers, length, keepAlive, now)
    while (size < 0) {
      bytes = Buffer.allocUnsafeSlow(2 * bytes.length)
      size = putReplyHead(bytes, status, headers, length, keepAlive, now)
    }
    if (whole && size + length <= TOGETHER && bytes === scratch) {
      scratch.set(body, size)
      this.#out.sendScratch(size + length)
      this.done()
      return
    }
    const alone = whole || size > USUAL_HEAD
    if (alone) this.#out.sendBorrowed(bytes, 0, size)
    if (whole) {
      this.#out.send(body)
      this.done()
      return
    }
    const head = alone ? undefined : Buffer.from(bytes.subarray(0, size))
    this.#body = new StreamedBody(this.#out, head, body, this, chunks)
    this.#body.start()
  }
}
