import { GatewayError } from "../core/error.ts"
import { lateDns, lateNet } from "../core/late-modules.ts"
import { VERSION } from "../core/version.ts"

/** Redirects that are followed. */
const MAX_REDIRECTS = 3
const TIMEOUT_MS = 30_000
const REDIRECTS: ReadonlySet<number> = new Set([301, 302, 303, 307, 308])

/** A file from the web. */
export interface FetchedMedia {
  /** Media type as its server says it, without parameters, in lower case; empty when it does not. */
  mime: string
  data: Buffer
}

/**
 * Fetches what a caller's URL names.
 * @param accept whether a file of this media type is wanted; asked before the body is read
 * @throws GatewayError `invalid-request`, with the reason in words; the signal's reason when it is aborted
 */
export type FetchMedia = (
  url: string,
  accept: (mime: string) => boolean,
  signal: AbortSignal,
) => Promise<FetchedMedia>

export interface FetchMediaOptions {
  /** Bytes. */
  limit: number
  /** Whether private networks and this machine may be asked. */
  own: boolean
  /** Milliseconds for all of it. */
  timeout?: number
  /** All addresses of a host name. @throws when there are none */
  resolve?: (host: string) => Promise<readonly string[]>
  /** Certificates of further authorities, as PEM. */
  authorities?: string
}

/** 4 or 6 for an IP address, 0 for a name. */
const familyOf = (host: string) => lateNet().isIP(host)

/**
 * Makes the function that fetches media for upstreams that cannot. Every hop's host is resolved once,
 * all its addresses are checked, and the connection goes to a checked address itself: a name that
 * resolves to something else the next time gains nothing. No proxy is asked, nothing is sent along.
 */
export function createFetchMedia(options: FetchMediaOptions): FetchMedia {
  const { limit, own, timeout = TIMEOUT_MS, resolve = resolveHost, authorities } = options

  async function addressesOf(url: URL, signal: AbortSignal): Promise<readonly string[]> {
    const host = url.hostname.replace(/^\[|\]$/g, "")
    const found = familyOf(host)
      ? [host]
      : await unless(
          signal,
          resolve(host).catch(() => []),
        )
    if (found.length === 0) throw refused(url, "its host name does not resolve")
    // One that is not reachable makes all suspect: who controls the name would only have to try again.
    // Few requests need it, and it knows all ranges of addresses.
    const { isReachable } = await import("./public-address.ts")
    if (!found.every((address) => isReachable(address, own))) {
      throw refused(url, "its address is not a public one")
    }
    // Many machines have IPv6 addresses but no way out.
    return found.toSorted((a, b) => familyOf(a) - familyOf(b))
  }

  /** One request, to the first of the addresses that can be connected to. */
  async function ask(url: URL, signal: AbortSignal): Promise<Response> {
    let failure: unknown
    for (const address of await addressesOf(url, signal)) {
      const target = new URL(url)
      target.hostname = familyOf(address) === 6 ? `[${address}]` : address
      try {
        return await fetch(target, {
          redirect: "manual",
          signal,
          keepalive: false,
          decompress: false,
          proxy: false,
          headers: {
            host: url.host,
            accept: "*/*",
            "accept-encoding": "identity",
            "user-agent": `llmrouter/${VERSION}`,
          },
          tls: {
            ...(!familyOf(url.hostname.replace(/^\[|\]$/g, "")) && { serverName: url.hostname }),
            ...(authorities !== undefined && { ca: authorities }),
          },
        } as unknown as BunFetchRequestInit)
      } catch (thrown) {
        if (signal.aborted) throw thrown
        failure = thrown
      }
    }
    throw refused(url, "its server cannot be reached", failure)
  }

  async function follow(
    first: URL,
    signal: AbortSignal,
  ): Promise<{ url: URL; response: Response }> {
    let url = first
    for (let hops = 0; ; hops++) {
      const response = await ask(url, signal)
      if (!REDIRECTS.has(response.status)) return { url, response }
      void response.body?.cancel().catch(() => {})
      const location = response.headers.get("location")
      if (location === null) throw refused(url, `it answered ${response.status}`)
      if (hops === MAX_REDIRECTS) throw refused(url, "it is redirected too often")
      url = parseUrl(location, url)
    }
  }

  return async function fetchMedia(text, accept, signal) {
    const first = parseUrl(text)
    const late = AbortSignal.timeout(timeout)
    try {
      const { url, response } = await follow(first, AbortSignal.any([signal, late]))
      try {
        check(url, response, accept, limit)
        return { mime: mimeOf(response), data: await read(url, response, limit) }
      } finally {
        void response.body?.cancel().catch(() => {})
      }
    } catch (thrown) {
      if (signal.aborted) throw signal.reason
      if (late.aborted) throw refused(first, `it took longer than ${timeout / 1000} s`)
      throw thrown instanceof GatewayError ? thrown : refused(first, "the connection broke", thrown)
    }
  }
}

/** A look-up cannot be called off, but nobody has to wait for it. @throws the signal's reason */
async function unless<T>(signal: AbortSignal, promise: Promise<T>): Promise<T> {
  const aborted = Promise.withResolvers<never>()
  const leave = () => aborted.reject(signal.reason)
  if (signal.aborted) leave()
  signal.addEventListener("abort", leave, { once: true })
  try {
    return await Promise.race([promise, aborted.promise])
  } finally {
    signal.removeEventListener("abort", leave)
  }
}

async function resolveHost(host: string): Promise<readonly string[]> {
  const found = await lateDns().lookup(host, { all: true })
  return found.map(({ address }) => address)
}

/** @param base the URL that redirects, for a relative location */
function parseUrl(text: string, base?: URL): URL {
  let url: URL
  try {
    url = new URL(text, base)
  } catch {
    throw invalid("The URL is not valid.")
  }
  if (url.protocol !== "https:" && url.protocol !== "http:") {
    throw invalid("Only http and https URLs can be fetched.")
  }
  if (url.username !== "" || url.password !== "") {
    throw invalid("A URL with a user name or password in it is not fetched.")
  }
  return url
}

function check(
  url: URL,
  response: Response,
  accept: (mime: string) => boolean,
  limit: number,
): void {
  if (response.status !== 200) throw refused(url, `it answered ${response.status}`)
  const mime = mimeOf(response)
  if (!accept(mime)) throw refused(url, `it has the wrong type (${mime.slice(0, 80)})`)
  const encoding = response.headers.get("content-encoding") ?? "identity"
  if (encoding !== "identity") throw refused(url, "it came compressed, although it must not")
  if (Number(response.headers.get("content-length")) > limit) throw tooLarge(url, limit)
}

function mimeOf(response: Response): string {
  const type = response.headers.get("content-type") ?? ""
  return (type.split(";")[0] ?? "").trim().toLowerCase()
}

async function read(url: URL, response: Response, limit: number): Promise<Buffer> {
  const chunks: Uint8Array[] = []
  let length = 0
  for await (const chunk of response.body ?? []) {
    length += chunk.length
    if (length > limit) throw tooLarge(url, limit)
    chunks.push(chunk)
  }
  if (length === 0) throw refused(url, "it is empty")
  return Buffer.concat(chunks)
}

function tooLarge(url: URL, limit: number): GatewayError {
  return refused(url, `it is larger than ${limit} bytes`)
}

/** Names the host only: paths and queries of such URLs often carry signatures. */
function refused(url: URL, reason: string, cause?: unknown): GatewayError {
  return invalid(`The file at ${url.host} cannot be fetched: ${reason}.`, cause)
}

function invalid(message: string, cause?: unknown): GatewayError {
  return new GatewayError("invalid-request", message, {
    code: "invalid_media_url",
    ...(cause !== undefined && { cause }),
  })
}
