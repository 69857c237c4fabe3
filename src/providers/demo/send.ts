import type { ByteSource } from "../../core/byte-source.ts"
import type { IncomingResponse, OutgoingRequest, Send } from "../../core/provider.ts"
import { sourceOfIterable } from "../../transport/byte-sources.ts"
import { type Completion, completeChat, completeText } from "./chat.ts"
import { chatAnswer, chatEvents, textAnswer, textEvents } from "./chat-wire.ts"
import { answerEmbeddings } from "./embeddings.ts"
import { Refusal } from "./failure.ts"
import { type Json, parseBody } from "./fields.ts"
import { answerImages } from "./images.ts"
import { answerModeration } from "./moderation.ts"
import { answerModels, readModel } from "./models.ts"
import { type Pace, type Piece, pacedStream, wait } from "./pace.ts"
import { answerRerank } from "./rerank.ts"
import { hash, idFrom } from "./seed.ts"
import { answerSpeech } from "./speech.ts"
import { answerTranscription, parseForm } from "./transcription.ts"

const NO_PAUSE: Pace = { firstToken: 0, tokensPerSecond: 0 }

/** What an endpoint answers, before it is bytes. */
type Answer = { type: string; body: string | Uint8Array } | { events: Iterable<Piece> }

const JSON_TYPE = "application/json"

/** A `Send` that answers by itself. @throws the signal's reason when it is aborted. */
export function createSend(pace: Pace): Send {
  return async (request) => {
    let own = pace
    try {
      const { answer, model } = await answerTo(request)
      if (model === "demo-fast") own = NO_PAUSE
      if ("events" in answer) {
        const body = pacedStream(answer.events, own, request.signal)
        return respond(200, "text/event-stream; charset=utf-8", body, request)
      }
      await wait(request.method === "GET" ? 0 : own.firstToken, request.signal)
      return respond(200, answer.type, answer.body, request)
    } catch (thrown) {
      if (!(thrown instanceof Refusal)) throw thrown
      const { message, param, code, status } = thrown
      const error = { message, type: "invalid_request_error", param, code }
      return respond(status, JSON_TYPE, JSON.stringify({ error }), request)
    }
  }
}

async function answerTo(request: OutgoingRequest): Promise<{ answer: Answer; model: string }> {
  const path = new URL(request.url).pathname.replace(/^\/v1/, "")
  if (request.method === "GET" && path.split("/")[1] === "models") {
    const id = path.split("/").slice(2).join("/")
    return { answer: json(answerModels(id ? decodeURIComponent(id) : undefined)), model: "" }
  }
  if (path === "/audio/transcriptions" || path === "/audio/translations") {
    const { fields, file } = await parseForm(request.body, request.headers["content-type"] ?? null)
    const task = path === "/audio/translations" ? "translate" : "transcribe"
    const model = readModel(fields["model"], path)
    const { type, text } = await answerTranscription(fields, file, task)
    return { answer: { type, body: text }, model }
  }
  const endpoint = request.method === "POST" ? ENDPOINTS[path] : undefined
  if (!endpoint) {
    const message = `Invalid URL (${request.method} ${path}); the demo does not have it.`
    throw new Refusal(404, message, null, "unknown_url")
  }
  const body = parseBody(request.body)
  const model = readModel(body["model"], path)
  return { answer: endpoint(body, model), model }
}

const json = (value: object): Answer => ({ type: JSON_TYPE, body: JSON.stringify(value) })

const spoken =
  (
    complete: (body: Json, model: string) => Completion,
    whole: (completion: Completion) => object,
    events: (completion: Completion, body: Json) => Iterable<Piece>,
  ) =>
  (body: Json, model: string): Answer => {
    const completion = complete(body, model)
    return body["stream"] === true ? { events: events(completion, body) } : json(whole(completion))
  }

const ENDPOINTS: Readonly<Record<string, (body: Json, model: string) => Answer>> = {
  "/chat/completions": spoken(completeChat, chatAnswer, chatEvents),
  "/completions": spoken(completeText, textAnswer, textEvents),
  "/embeddings": (body, model) => json(answerEmbeddings(body, model)),
  "/moderations": (body, model) => json(answerModeration(body, model)),
  "/images/generations": (body) => json(answerImages(body)),
  "/audio/speech": (body) => {
    const { type, bytes } = answerSpeech(body)
    return { type, body: bytes }
  },
  "/rerank": (body, model) => json(answerRerank(body, model)),
}

function respond(
  status: number,
  type: string,
  body: string | Uint8Array | ByteSource,
  request: OutgoingRequest,
): IncomingResponse {
  const seed = hash(`${request.url} ${request.body?.length ?? 0}`)
  const headers = new Headers({ "content-type": type, "x-request-id": idFrom("req_", seed) })
  if (typeof body !== "string" && !(body instanceof Uint8Array)) return { status, headers, body }
  const bytes = typeof body === "string" ? new TextEncoder().encode(body) : body
  headers.set("content-length", `${bytes.length}`)
  return { status, headers, body: sourceOfIterable(bytes.length > 0 ? [bytes] : []) }
}
