/// <reference path="./llmrouter-env.d.ts" />
import { defineConfig, env } from "llmrouter"

// Your editor explains every key as you type. What `env` names may also stand in `.env`.
export default defineConfig({
  // Accounts at LLM vendors. One without its key is left out.
  providers: {
    openai: { type: "openai", keys: [env("OPENAI_API_KEY", { optional: true })] },
    anthropic: { type: "anthropic", keys: [env("ANTHROPIC_API_KEY", { optional: true })] },
    // Built in: answers without any key.
    demo: { type: "demo" },
  },

  // The model names that your programs use. The first deployment that works answers.
  groups: {
    fast: [
      "openai/gpt-5.4-mini",
      "anthropic/claude-haiku-4-5",
      "demo/demo", // Stands in while there is no key.
    ],
    smart: {
      strategy: "adaptive", // The better one now: by time, price, failures and limits.
      models: ["anthropic/claude-opus-4-8", "openai/gpt-5.6"],
      fallbacks: ["fast"],
    },
    // Built in: always the same answer, for tests.
    demo: ["demo/demo"],
  },
  defaultGroup: "fast",

  // Only this machine is served until callers need a key.
  // auth: { keys: [env("LLMROUTER_KEY")] },
})
