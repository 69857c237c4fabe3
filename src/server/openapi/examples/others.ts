import type { Example } from "../document.ts"
import type { SpeechRequest, Transcript } from "../schemas/audio.ts"
import type { Completion, CompletionRequest } from "../schemas/completion.ts"
import type { Embeddings, EmbeddingsRequest } from "../schemas/embeddings.ts"
import type { Images, ImagesRequest } from "../schemas/images.ts"
import type { Moderation, ModerationRequest } from "../schemas/moderation.ts"
import type { Rerank, RerankRequest } from "../schemas/rerank.ts"

/** One request and its answer, for each operation that is not a chat. */
interface Pair<Q, A> {
  request: Example<Q>
  answer: Example<A>
}

const CREATED = 1790000000

export const completion: Pair<CompletionRequest, Completion> = {
  request: {
    summary: "A text to continue",
    value: { model: "auto", prompt: "Once upon a time", max_tokens: 16 },
  },
  answer: {
    summary: "The next words",
    value: {
      id: "cmpl-1",
      object: "text_completion",
      created: CREATED,
      model: "gpt-3.5-turbo-instruct",
      choices: [{ index: 0, text: " there was a router.", logprobs: null, finish_reason: "stop" }],
      usage: { prompt_tokens: 4, completion_tokens: 5, total_tokens: 9 },
    },
  },
}

export const embeddings: Pair<EmbeddingsRequest, Embeddings> = {
  request: {
    summary: "Two texts",
    value: { model: "auto", input: ["a router", "a switch"], encoding_format: "float" },
  },
  answer: {
    summary: "Two vectors",
    value: {
      object: "list",
      model: "text-embedding-3-small",
      data: [
        { object: "embedding", index: 0, embedding: [0.0123, -0.0456, 0.0789] },
        { object: "embedding", index: 1, embedding: [0.0131, -0.0402, 0.0712] },
      ],
      usage: { prompt_tokens: 4, total_tokens: 4 },
    },
  },
}

export const moderation: Pair<ModerationRequest, Moderation> = {
  request: {
    summary: "A text",
    value: { model: "auto", input: "I will water the plants." },
  },
  answer: {
    summary: "Nothing found",
    value: {
      id: "modr-1",
      model: "omni-moderation-latest",
      results: [
        {
          flagged: false,
          categories: { violence: false, harassment: false },
          category_scores: { violence: 0.00001, harassment: 0.00002 },
        },
      ],
    },
  },
}

export const images: Pair<ImagesRequest, Images> = {
  request: {
    summary: "A picture",
    value: { model: "auto", prompt: "A lighthouse at dawn, in watercolour", size: "1024x1024" },
  },
  answer: {
    summary: "A picture in base64",
    value: { created: CREATED, data: [{ b64_json: "iVBORw0KGgo..." }] },
  },
}

export const speech: Example<SpeechRequest> = {
  summary: "A sentence",
  value: { model: "auto", input: "Hello from the router.", voice: "alloy", response_format: "mp3" },
}

export const transcript: Example<Transcript> = {
  summary: "Text",
  value: { text: "Hello from the router." },
}

export const rerank: Pair<RerankRequest, Rerank> = {
  request: {
    summary: "Three documents",
    value: {
      model: "auto",
      query: "How do I change a tyre?",
      documents: ["Baking bread", "Changing a wheel", "Car insurance"],
      top_n: 2,
    },
  },
  answer: {
    summary: "The best two",
    value: {
      id: "rerank-1",
      results: [
        { index: 1, relevance_score: 0.97 },
        { index: 2, relevance_score: 0.21 },
      ],
    },
  },
}
