import type { Static } from "@sinclair/typebox"
import * as t from "../../../core/typebox.ts"
import { between, oneOf, open, upload } from "../shapes.ts"
import { ModelName } from "./generation.ts"

/** Body of a speech request. */
export const SpeechRequest = open(
  {
    model: ModelName,
    input: t.String({ description: "What to say." }),
    voice: t.Union([t.String(), open({ id: t.String() })], {
      description: "Name of a voice of the upstream, or the id of your own.",
    }),
    instructions: t.Optional(t.String({ description: "How to say it." })),
    response_format: t.Optional(oneOf(["mp3", "opus", "aac", "flac", "wav", "pcm"])),
    speed: t.Optional(between(0.25, 4, "1 is the voice's own speed.")),
    stream_format: t.Optional(
      oneOf(["audio", "sse"], "`audio` is the recording itself; `sse` is events with base64."),
    ),
  },
  { $id: "SpeechRequest", description: "A text to say." },
)
export type SpeechRequest = Static<typeof SpeechRequest>

/** A text field that the page leaves empty: it would write the word "string" into it. */
function formText(description: string) {
  return t.String({ description, examples: [""] })
}

/** A list from which the page picks nothing by itself. */
const EMPTY = { examples: [[]] }

const recording = {
  file: upload("The recording: flac, mp3, mp4, mpeg, mpga, m4a, ogg, wav or webm."),
  model: ModelName,
  prompt: t.Optional(formText("Names and spellings, or what came before.")),
  response_format: t.Optional(
    oneOf(["json", "text", "srt", "verbose_json", "vtt", "diarized_json"]),
  ),
  temperature: t.Optional(
    t.Number({
      minimum: 0,
      maximum: 1,
      description: "Randomness; 0 is the least.",
      examples: [0],
    }),
  ),
}

/** Form of a transcription request. */
export const TranscriptionRequest = open(
  {
    ...recording,
    language: t.Optional(formText("ISO 639-1, such as `en`; helps.")),
    "timestamp_granularities[]": t.Optional(
      t.Array(oneOf(["word", "segment"]), { description: "Needs `verbose_json`.", ...EMPTY }),
    ),
    "include[]": t.Optional(t.Array(oneOf(["logprobs"]), EMPTY)),
    chunking_strategy: t.Optional(formText("`auto`, or JSON with settings.")),
    stream: t.Optional(
      t.Boolean({ description: "Whether the text comes as events.", examples: [false] }),
    ),
  },
  { $id: "TranscriptionRequest", description: "A recording to write down." },
)
export type TranscriptionRequest = Static<typeof TranscriptionRequest>

/** Form of a translation request. */
export const TranslationRequest = open(recording, {
  $id: "TranslationRequest",
  description: "A recording to write down in English.",
})
export type TranslationRequest = Static<typeof TranslationRequest>

/** The text of a recording. */
export const Transcript = open(
  {
    text: t.String(),
    language: t.Optional(t.String({ description: "With `verbose_json`." })),
    duration: t.Optional(t.Number({ description: "Seconds, with `verbose_json`." })),
    segments: t.Optional(
      t.Array(
        open({ start: t.Number({ description: "Seconds." }), end: t.Number(), text: t.String() }),
      ),
    ),
    words: t.Optional(
      t.Array(open({ start: t.Number(), end: t.Number(), word: t.String() }), {
        description: "With `timestamp_granularities[]`.",
      }),
    ),
    usage: t.Optional(open({ type: oneOf(["tokens", "duration"]) })),
  },
  { $id: "Transcript", description: "The text of a recording." },
)
export type Transcript = Static<typeof Transcript>
