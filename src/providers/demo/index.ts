import { defineProvider, OPENAI_OPERATIONS } from "../define.ts"
import { MODELS } from "./models.ts"

const BASE_URL = "demo://local/v1"
const FIRST_TOKEN = 120
const TOKENS_PER_SECOND = 60

/** The embedded upstream: answers without any key or network. */
export const demo = defineProvider({
  type: "demo",
  description: "An embedded upstream that answers without any key, for trying things out",
  speaks: OPENAI_OPERATIONS,
  baseUrl: BASE_URL,
  keyless: true,
  free: true,
  standIn: true,
  env: [],
  models: Object.keys(MODELS),
  starters: ["demo"],
  options: {
    firstToken: `Milliseconds before it answers (\`"${FIRST_TOKEN}"\`).`,
    tokensPerSecond: `How fast it streams (\`"${TOKENS_PER_SECOND}"\`); \`"0"\` is as fast as possible.`,
  },
  open({ name, options }) {
    const number = (option: string, otherwise: number) => {
      const text = options[option] ?? `${otherwise}`
      const value = Number(text)
      if (text.trim() !== "" && value >= 0 && Number.isFinite(value)) return value
      const where = `providers.${name}.${option}`
      throw new Error(`${where} is "${text}"; write a number from 0, such as "${otherwise}"`)
    }
    const { createSend } = require("./send.ts") as typeof import("./send.ts")
    return {
      url: ({ path }) => BASE_URL + path,
      authorize: () => ({}),
      probeUrl: `${BASE_URL}/models`,
      send: createSend({
        firstToken: number("firstToken", FIRST_TOKEN),
        tokensPerSecond: number("tokensPerSecond", TOKENS_PER_SECOND),
      }),
    }
  },
})
