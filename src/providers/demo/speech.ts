import { choiceField, type Json, numberField, stringField } from "./fields.ts"
import { wordsOf } from "./hints.ts"
import { hash } from "./seed.ts"

const RATE = 24_000
/** The major pentatonic scale from A3, in Hz: any order of these is bearable. */
const SCALE = [220, 246.94, 277.18, 329.63, 369.99, 440, 493.88, 554.37]
const MOST_TONES = 40
const FORMATS = ["mp3", "opus", "aac", "flac", "wav", "pcm"] as const

/** 16-bit mono samples at 24 kHz: one short tone a word. */
function sing(text: string, speed: number): Int16Array {
  const tones = wordsOf(text).slice(0, MOST_TONES)
  const length = Math.round((RATE * 0.12) / speed)
  const samples = new Int16Array(Math.max(tones.length, 1) * length)
  for (const [index, word] of tones.entries()) {
    const pitch = SCALE[hash(word) % SCALE.length] ?? 440
    for (let at = 0; at < length; at++) {
      // Fades in and out, so that it does not click.
      const loud = Math.sin((Math.PI * at) / length)
      const wave = Math.sin((2 * Math.PI * pitch * at) / RATE)
      samples[index * length + at] = Math.round(8000 * loud * wave)
    }
  }
  return samples
}

/** Samples as a WAV file. */
function encodeWav(samples: Int16Array): Uint8Array {
  const header = Buffer.alloc(44)
  header.write("RIFF", 0, "latin1")
  header.writeUInt32LE(36 + samples.byteLength, 4)
  header.write("WAVEfmt ", 8, "latin1")
  header.writeUInt32LE(16, 16)
  header.writeUInt16LE(1, 20)
  header.writeUInt16LE(1, 22)
  header.writeUInt32LE(RATE, 24)
  header.writeUInt32LE(RATE * 2, 28)
  header.writeUInt16LE(2, 32)
  header.writeUInt16LE(16, 34)
  header.write("data", 36, "latin1")
  header.writeUInt32LE(samples.byteLength, 40)
  return Buffer.concat([header, new Uint8Array(samples.buffer)])
}

/** Answers a speech request with tones; formats that it cannot write are answered as WAV. @throws Refusal */
export function answerSpeech(body: Json): { type: string; bytes: Uint8Array } {
  const input = stringField(body, "input")
  const format = choiceField(body, "response_format", FORMATS)
  const samples = sing(input, numberField(body, "speed", { min: 0.25, max: 4 }) ?? 1)
  return format === "pcm"
    ? { type: "audio/pcm", bytes: new Uint8Array(samples.buffer) }
    : { type: "audio/wav", bytes: encodeWav(samples) }
}

/** Seconds that a WAV file plays, or undefined for other files. */
export function wavSeconds(file: Uint8Array): number | undefined {
  const view = Buffer.from(file.buffer, file.byteOffset, file.byteLength)
  if (view.length < 44 || view.toString("latin1", 0, 4) !== "RIFF") return undefined
  const perSecond = view.readUInt32LE(28)
  return perSecond === 0 ? undefined : (view.length - 44) / perSecond
}
