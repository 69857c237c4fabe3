import { missing, Refusal } from "./failure.ts"
import { choiceField, type Json } from "./fields.ts"
import { wavSeconds } from "./speech.ts"
import { toTokens } from "./tokens.ts"

const FORMATS = ["json", "text", "srt", "vtt", "verbose_json"] as const

/** The fields of a multipart form. @throws Refusal when the body is not one. */
export async function parseForm(
  body: Uint8Array | undefined,
  contentType: string | null,
): Promise<{ fields: Json; file: File | undefined }> {
  try {
    const headers = { "content-type": contentType ?? "" }
    const form = await new Response((body ?? new Uint8Array()) as Uint8Array<ArrayBuffer>, {
      headers,
    }).formData()
    const entries = [...form.entries()]
    const file: unknown = form.get("file")
    const fields = Object.fromEntries(entries.filter(([, value]) => typeof value === "string"))
    return { fields, file: file instanceof File ? file : undefined }
  } catch {
    const message = "We could not parse the body of your request; expected multipart/form-data."
    throw new Refusal(400, message, null, null)
  }
}

/** Answers a transcription or translation by saying what was received. @throws Refusal */
export async function answerTranscription(
  fields: Json,
  file: File | undefined,
  task: "transcribe" | "translate",
): Promise<{ type: string; text: string }> {
  if (!file) throw missing("file")
  const format = choiceField(fields, "response_format", FORMATS)
  const seconds = wavSeconds(await file.bytes())
  const mime = file.type.replace(/;.*$/, "") || "an unknown type"
  const length = seconds === undefined ? "" : `, ${seconds.toFixed(1)} seconds`
  const text = `The demo of LLM Router received "${file.name}": ${file.size} bytes of ${mime}${length}.`
  const end = Math.max(seconds ?? 1, 0.1)
  const plain = (type: string, body: string) => ({ type: `${type}; charset=utf-8`, text: body })
  switch (format) {
    case "text":
      return plain("text/plain", `${text}\n`)
    case "srt":
      return plain("text/plain", `1\n${clock(0, ",")} --> ${clock(end, ",")}\n${text}\n\n`)
    case "vtt":
      return plain("text/vtt", `WEBVTT\n\n${clock(0, ".")} --> ${clock(end, ".")}\n${text}\n\n`)
    case "verbose_json": {
      const tokens = toTokens(text).map((_, index) => index)
      const quality = { temperature: 0, avg_logprob: -0.1, compression_ratio: 1, no_speech_prob: 0 }
      const segments = [{ id: 0, seek: 0, start: 0, end, text, tokens, ...quality }]
      const usage = { type: "duration", seconds: Math.ceil(end) }
      const whole = { task, language: "english", duration: end, text, segments, usage }
      return { type: "application/json", text: JSON.stringify(whole) }
    }
    case "json": {
      const [input, output] = [Math.ceil(end * 10), toTokens(text).length]
      const details = { text_tokens: 0, audio_tokens: input }
      const usage = {
        type: "tokens",
        input_tokens: input,
        input_token_details: details,
        output_tokens: output,
        total_tokens: input + output,
      }
      return { type: "application/json", text: JSON.stringify({ text, usage }) }
    }
  }
}

/** `00:00:01,500` */
function clock(seconds: number, point: string): string {
  const date = new Date(Math.round(seconds * 1000)).toISOString()
  return date.slice(11, 23).replace(".", point)
}
