import type { Duplex } from "node:stream"
import type { ReadableWritablePair } from "node:stream/web"
import type { ByteSink, ByteSource } from "../../core/byte-source.ts"
import { lateStream, lateZlib } from "../../core/late-modules.ts"
import { Body, type Tap } from "./body.ts"

/** By the name of the coding: what undoes it, once the first bytes are there. */
const DECODERS: Readonly<Record<string, (first: Uint8Array) => Duplex>> = {
  gzip: () => lateZlib().createGunzip(),
  "x-gzip": () => lateZlib().createGunzip(),
  br: () => lateZlib().createBrotliDecompress(),
  zstd: openZstd,
  deflate: (first) =>
    hasZlibHeader(first) ? lateZlib().createInflate() : lateZlib().createInflateRaw(),
}

/** That of `node:zlib` takes half a stream for a whole one; the web's does not, though TypeScript does not know it. */
function openZstd(): Duplex {
  const pair = new DecompressionStream("zstd" as CompressionFormat)
  return lateStream().Duplex.fromWeb(pair as unknown as ReadableWritablePair)
}

/** A body without the coding that its head names; as it is, where it has none that is known. */
export function decoded(body: Body, encoding: string): ByteSource {
  const decoder = encoding === "" ? undefined : DECODERS[encoding]
  return decoder ? new Decoder(body, decoder).body : body
}

/** Feeds the coded bytes to a decoder of zlib's, and what that one gives to a body of its own. */
class Decoder implements ByteSink, Tap {
  readonly body = new Body(this)
  readonly #coded: Body
  readonly #make: (first: Uint8Array) => Duplex
  #transform: Duplex | undefined
  #paused = false
  #over = false

  constructor(coded: Body, make: (first: Uint8Array) => Duplex) {
    this.#coded = coded
    this.#make = make
    coded.pipe(this)
  }

  data(bytes: Uint8Array): void {
    this.#transform ??= this.#open(bytes)
    // Its own buffer is full: no more until that is empty.
    if (!this.#transform.write(bytes)) this.#coded.pause()
  }

  end(): void {
    if (this.#transform) this.#transform.end()
    else this.#finish()
  }

  fail(error: unknown): void {
    this.#stop()
    this.body.fail(error, true)
  }

  pause(): void {
    this.#paused = true
    this.#transform?.pause()
    this.#coded.pause()
  }

  resume(): void {
    if (!this.#paused) return
    this.#paused = false
    this.#transform?.resume()
    if (!this.#transform?.writableNeedDrain) this.#coded.resume()
  }

  drop(): void {
    this.#stop()
    this.#coded.cancel()
  }

  #open(first: Uint8Array): Duplex {
    const transform = this.#make(first)
    transform.on("data", (bytes: Uint8Array) => {
      if (!this.#over) this.body.push(bytes)
    })
    transform.on("drain", () => {
      if (!this.#paused) this.#coded.resume()
    })
    transform.on("end", () => this.#finish())
    transform.on("error", (error) => {
      if (this.#over) return
      this.#coded.cancel()
      this.fail(error)
    })
    if (this.#paused) transform.pause()
    return transform
  }

  #finish(): void {
    if (this.#over) return
    this.#over = true
    this.body.finish(new Uint8Array())
  }

  #stop(): void {
    this.#over = true
    this.#transform?.destroy()
  }
}

/** Some servers send `deflate` without the header that it should have (RFC 1950 §2.2). */
function hasZlibHeader(bytes: Uint8Array): boolean {
  const [first = 0, second = 0] = bytes
  return (first & 0x0f) === 8 && (bytes.length < 2 || ((first << 8) | second) % 31 === 0)
}
