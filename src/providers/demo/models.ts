import { missing, Refusal } from "./failure.ts"

/** The demo's models and what they are for. */
export const MODELS = {
  demo: "chat and all the rest, at a human pace",
  "demo-fast": "the same without any pause",
  "demo-embedding": "embeddings only",
} as const

export type Model = keyof typeof MODELS

const isModel = (name: string): name is Model => Object.hasOwn(MODELS, name)

/** The model of a request. @throws Refusal as OpenAI's for a model that it does not have. */
export function readModel(name: unknown, path: string): Model {
  if (typeof name !== "string" || name === "") throw missing("model")
  if (!isModel(name)) {
    const message = `The model \`${name}\` does not exist or you do not have access to it.`
    throw new Refusal(404, message, null, "model_not_found")
  }
  if (name === "demo-embedding" && path !== "/embeddings") {
    const message = `\`${name}\` only makes embeddings; use \`demo\` for ${path}.`
    throw new Refusal(404, message, "model", "model_not_found")
  }
  return name
}

const describe = (id: string) => ({
  id,
  object: "model",
  created: 1_735_689_600,
  owned_by: "llmrouter",
})

/** Answers `GET /models` and `GET /models/{id}`. @throws Refusal */
export function answerModels(id: string | undefined): object {
  if (id === undefined) return { object: "list", data: Object.keys(MODELS).map(describe) }
  return describe(readModel(id, "/embeddings"))
}
