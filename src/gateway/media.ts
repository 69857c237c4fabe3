import type { Block, CanonicalRequest, MediaBlock, MediaSource } from "../core/canonical.ts"
import type { Capabilities } from "../core/capabilities.ts"
import { clientGone, GatewayError } from "../core/error.ts"
import type { Exchange } from "../core/exchange.ts"
import type { Target } from "../core/protocol.ts"
import { sniffMime } from "../canonical/media.ts"
import type { FetchedMedia, FetchMedia } from "../transport/fetch-media.ts"

/** Files that are fetched at the same time for one exchange. */
const PARALLEL = 6
/** Files of one request: no API takes more, and more would only be asked to trouble their servers. */
const MOST_FILES = 500

/** Fetches files for one exchange, each of them once, however many attempts need it. */
export type MediaOnce = (block: MediaBlock, url: string) => Promise<FetchedMedia>

/**
 * @param total bytes of all files of the exchange together
 * @param signal of the client's leaving
 */
export function createMediaOnce(
  fetchMedia: FetchMedia,
  total: number,
  signal: AbortSignal,
): MediaOnce {
  const files = new Map<string, Promise<FetchedMedia>>()
  let left = total

  async function load(url: string, kind: MediaBlock["kind"]): Promise<FetchedMedia> {
    const file = await fetchMedia(url, (mime) => isOf(kind, mime), signal)
    left -= file.data.length
    if (left >= 0) return file
    throw new GatewayError(
      "invalid-request",
      `The files that this request names are together larger than ${total} bytes.`,
      { code: "invalid_media_url" },
    )
  }

  return ({ kind }, url) => {
    const key = `${kind} ${url}`
    const known = files.get(key)
    if (known) return known
    const file = load(url, kind)
    files.set(key, file)
    // Who waits for it sees the failure; without anybody it must not end the process.
    file.catch(() => {})
    return file
  }
}

/** A request for a target with the files that this one does not fetch itself. @throws GatewayError `invalid-request` */
export type FetchNeeded = (request: CanonicalRequest, target: Target) => Promise<CanonicalRequest>

/**
 * Puts files into the requests of one exchange, until its client leaves or it is cut.
 *
 * @param total bytes of all files together
 */
export function createMediaFetcher(
  fetchMedia: FetchMedia,
  total: number,
  exchange: Exchange,
): FetchNeeded {
  let opened: { controller: AbortController; once: MediaOnce } | undefined
  /** For the first attempt that may need files: most requests go to where none does. */
  function open(): { controller: AbortController; once: MediaOnce } {
    const controller = new AbortController()
    const { work } = exchange
    // Besides what else ends with the exchange.
    exchange.work = {
      cut(error) {
        controller.abort(error)
        work?.cut(error)
      },
    }
    return { controller, once: createMediaOnce(fetchMedia, total, controller.signal) }
  }
  return async (request, { capabilities }) => {
    opened ??= open()
    const { controller, once } = opened
    const leave = () => controller.abort(clientGone())
    if (exchange.signal.aborted) leave()
    exchange.signal.addEventListener("abort", leave, { once: true })
    try {
      return await fetchNeeded(request, capabilities, once)
    } finally {
      exchange.signal.removeEventListener("abort", leave)
    }
  }
}

/**
 * Puts the files themselves in the place of URLs that the upstream does not fetch. The same request
 * comes back when there are none.
 * @throws GatewayError `invalid-request` with the block's `at`
 */
export async function fetchNeeded(
  request: CanonicalRequest,
  capabilities: Capabilities,
  once: MediaOnce,
): Promise<CanonicalRequest> {
  const needed = request.turns
    .flatMap(({ blocks }) => blocks)
    .flatMap<Block>((block) => (block.type === "tool-result" ? block.blocks : block))
    .filter((block) => block.type === "media")
    .filter((block) => urlToFetch(block, capabilities) !== undefined)
  if (needed.length === 0) return request
  if (needed.length > MOST_FILES) {
    throw new GatewayError(
      "invalid-request",
      `The request names ${needed.length} files by their URLs; at most ${MOST_FILES} are fetched.`,
      { code: "invalid_media_url" },
    )
  }

  const fetched = new Map<Block, MediaBlock>()
  let queue = needed.values()
  // All of them take from one queue, and leave it when one has failed.
  const workers = Array.from({ length: PARALLEL }, async () => {
    try {
      for (let next = queue.next(); !next.done; next = queue.next()) {
        fetched.set(next.value, await embed(next.value, capabilities, once))
      }
    } catch (thrown) {
      queue = [].values()
      throw thrown
    }
  })
  await Promise.all(workers)

  const replace = <B extends Block>(block: B): B => (fetched.get(block) as B | undefined) ?? block
  const turns = request.turns.map((turn) => ({
    ...turn,
    blocks: turn.blocks.map((block) =>
      block.type === "tool-result"
        ? { ...block, blocks: block.blocks.map(replace) }
        : replace(block),
    ),
  }))
  return { ...request, turns }
}

function urlToFetch(block: Block, capabilities: Capabilities): string | undefined {
  if (block.type !== "media" || block.source.type !== "url") return undefined
  const { url } = block.source
  const scheme = /^https?:/i.exec(url)?.[0].toLowerCase()
  if (!scheme || (block.kind !== "image" && block.kind !== "document")) return undefined
  const { imageUrls, documentUrls } = capabilities
  const fetches = block.kind === "image" ? imageUrls : documentUrls
  // Where nothing is said, the protocol's specification counts, and that may be: https only.
  return fetches === false || (fetches === undefined && scheme === "http:") ? url : undefined
}

async function embed(
  block: MediaBlock,
  capabilities: Capabilities,
  once: MediaOnce,
): Promise<MediaBlock> {
  try {
    const file = await once(block, urlToFetch(block, capabilities) ?? "")
    return { ...block, ...contentOf(block, file) }
  } catch (thrown) {
    if (!(thrown instanceof GatewayError) || block.at === undefined) throw thrown
    if (thrown.kind !== "invalid-request") throw thrown
    const { kind, message, detail } = thrown
    throw new GatewayError(kind, message, { ...detail, param: block.at })
  }
}

/** What is in the file: servers often say `application/octet-stream`, so its first bytes decide. */
function contentOf(block: MediaBlock, file: FetchedMedia): { mime: string; source: MediaSource } {
  const data = file.data.toString("base64")
  const mime = sniffMime(data) ?? (isVague(file.mime) ? block.mime : file.mime)
  if (isVague(mime) || !isOf(block.kind, mime)) {
    throw new GatewayError("invalid-request", `The file is no ${block.kind}.`, {
      code: "invalid_media_url",
    })
  }
  if (mime.startsWith("text/")) {
    return { mime, source: { type: "text", text: file.data.toString("utf8") } }
  }
  return { mime, source: { type: "base64", data } }
}

const isVague = (mime: string) => mime === "" || /^(application|binary)\/octet-stream$/.test(mime)

/** Whether a file of this type can be what the block says. A web page never is: it says that a login is needed. */
function isOf(kind: MediaBlock["kind"], mime: string): boolean {
  if (isVague(mime)) return true
  if (kind !== "document") return mime.startsWith(`${kind}/`)
  return mime !== "text/html" && /^(application|text)\//.test(mime)
}
