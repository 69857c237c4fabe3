import type { Block, CanonicalRequest, MediaBlock, ReasoningWish } from "../core/canonical.ts"
import type { Need } from "../core/needs.ts"

/** Whether the caller wants the model to think, rather than only to be told how. */
export function thinks(wish: ReasoningWish | undefined): boolean {
  if (!wish || wish.effort === "none") return false
  return wish.effort !== undefined || wish.dynamic === true || (wish.budget ?? 0) > 0
}

const OF_MEDIA = {
  image: "vision",
  document: "documents",
  audio: "audio",
  video: "video",
} as const satisfies Record<MediaBlock["kind"], Need>

export type MediaNeed = (typeof OF_MEDIA)[MediaBlock["kind"]]

/** The media that a model has to take in, or to make. */
export function mediaNeeds({ turns, modalities }: CanonicalRequest): ReadonlySet<Need> {
  const needs = new Set<Need>()
  for (const { blocks } of turns) blocks.forEach(look)
  if (modalities?.includes("audio")) needs.add("audio")
  return needs

  function look(block: Block): void {
    if (block.type === "tool-result") block.blocks.forEach(look)
    // A document that is text is text, whatever it is called.
    else if (block.type === "media" && block.source.type !== "text") needs.add(OF_MEDIA[block.kind])
  }
}

/** How one protocol's requests show what they need, at little cost. */
export interface NeedSigns {
  /** Whether the request needs this, as its top level says. */
  readonly top: Readonly<Record<Exclude<Need, MediaNeed>, () => boolean>>
  /** Strings of which a body with such media has one, as a whole JSON string. */
  readonly media: Readonly<Record<MediaNeed, readonly string[]>>
}

/**
 * Whether a request needs something. Only where a sign of media is found, the body is decoded: the same
 * words may be names in a tool's schema, and nobody is left out for those.
 */
export function readNeed(
  need: Need,
  body: Uint8Array,
  { top, media }: NeedSigns,
  decode: () => CanonicalRequest,
): boolean {
  try {
    if (!isMedia(need)) return top[need]()
    const buffer = Buffer.from(body.buffer, body.byteOffset, body.byteLength)
    return (
      media[need].some((sign) => buffer.includes(`"${sign}"`)) && mediaNeeds(decode()).has(need)
    )
  } catch {
    return false
  }
}

function isMedia(need: Need): need is MediaNeed {
  return need === "vision" || need === "documents" || need === "audio" || need === "video"
}
