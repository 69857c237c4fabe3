import { BYTES_PER_TOKEN } from "../body-tokens.ts"
import type { CanonicalRequest } from "../../core/canonical.ts"
import type { StreamEncoder, Target } from "../../core/protocol.ts"
import type { Usage } from "../../core/usage.ts"
import { askForRest, lastWords, takesPrefill } from "./ask.ts"
import { createSeam, type Seam } from "./seam.ts"
import { createVoice, type Voice } from "./voice.ts"

/** How one attempt takes part in an answer that another one may go on with. */
export interface Part {
  /** The request as this upstream has to see it. */
  ask(request: CanonicalRequest, target: Target): CanonicalRequest
  /** @param create makes the encoder of the client's protocol. @returns where the upstream's answer goes */
  encoder(create: () => StreamEncoder, target: Target): StreamEncoder
  /** The answer; undefined until it has an encoder. */
  readonly voice: Voice | undefined
  /** Bytes of it that were said before this attempt. */
  readonly before: number
  /** The attempt was chosen. @returns what it has said so far, where that was kept back */
  open(): Uint8Array | undefined
}

/** The part of an attempt that begins an answer. */
export function firstPart(): Part {
  let voice: Voice | undefined
  return {
    ask: (request) => request,
    encoder(create) {
      voice = createVoice(create())
      return voice
    },
    get voice() {
      return voice
    },
    before: 0,
    open: () => undefined,
  }
}

/**
 * The part of an attempt that goes on with an answer.
 *
 * @param spent by those before it
 */
export function nextPart(voice: Voice, spent: Usage): Part {
  const { texts, bytes } = voice
  let seam: Seam | undefined
  return {
    ask: (request, { capabilities }) =>
      askForRest(request, { texts, tokens: tokensOf(bytes) }, capabilities),
    encoder(_, { capabilities }) {
      const anchor = takesPrefill(capabilities) ? undefined : lastWords(texts)
      seam = createSeam({ voice, anchor, spent })
      return seam
    },
    voice,
    before: bytes,
    open: () => seam?.open(),
  }
}

/** Tokens of so much text, guessed. */
export function tokensOf(bytes: number): number {
  return Math.ceil(bytes / BYTES_PER_TOKEN)
}

/** Tokens that an attempt has said of the answer, guessed. */
export function saidBy({ voice, before }: Part): number {
  return tokensOf((voice?.bytes ?? 0) - before)
}
