import { defineCodes } from "./entry.ts"

/** Mistakes with keys and other secrets. */
export const secretCodes = defineCodes({
  LR2060: {
    severity: "error",
    title: "a secret is missing",
    text: "A variable or file that a caller key, the admin key or a header needs is not there. Leaving it out silently would open what it protects. With `{ optional: true }` its absence is meant.",
    wrong: 'auth: { adminKey: env("ADMIN_KEY") }   // and ADMIN_KEY is not set',
    right: 'auth: { adminKey: env("ADMIN_KEY", { optional: true }) }',
  },
  LR2061: {
    severity: "warning",
    title: "a provider without a key",
    text: "None of the provider's keys is there, so its deployments are skipped. Everything else works. Keys that are all optional give no warning.",
    wrong: 'openai: { type: "openai", keys: [env("OPENAI_API_KEY")] }   // and it is not set',
    right: 'openai: { type: "openai", keys: [env("OPENAI_API_KEY", { optional: true })] }',
  },
  LR2062: {
    severity: "error",
    title: "a secret that cannot be sent",
    text: "A key is sent as an HTTP header, so it is not empty, has no space and no line break, and is ASCII. A quote or a newline was probably copied with it.",
    wrong: 'keys: ["sk-one sk-two"]',
    right: 'keys: ["sk-one", "sk-two"]',
  },
  LR2063: {
    severity: "warning",
    title: "a short key",
    text: "Keys that callers or the admin send to the router can be guessed when they are short. Use at least 16 characters, at random.",
    wrong: 'auth: { keys: ["secret"] }',
    right: 'auth: { keys: [env("ROUTER_KEY")] }   // openssl rand -hex 24',
  },
  LR2064: {
    severity: "error",
    title: "two callers share a key",
    text: "A key says who calls. With one key for two names, the second would never be seen.",
    wrong: 'auth: { keys: [{ name: "web", key: env("KEY") }, { name: "batch", key: env("KEY") }] }',
    right:
      'auth: { keys: [{ name: "web", key: env("WEB_KEY") }, { name: "batch", key: env("BATCH_KEY") }] }',
  },
  LR2065: {
    severity: "error",
    title: "the admin key is a caller's key",
    text: "Whoever may call could then change the router.",
    wrong: 'auth: { keys: [env("KEY")], adminKey: env("KEY") }',
    right: 'auth: { keys: [env("KEY")], adminKey: env("ADMIN_KEY") }',
  },
  LR2066: {
    severity: "error",
    title: "two callers share a name",
    text: "The name stands for the caller in logs and in the usage table.",
    wrong: 'auth: { keys: [{ name: "web", key: env("A") }, { name: "web", key: env("B") }] }',
    right: 'auth: { keys: [{ name: "web", key: env("A") }, { name: "web-old", key: env("B") }] }',
  },
  LR2067: {
    severity: "warning",
    title: "a placeholder for a key",
    text: "The value looks like an example that was never filled in.",
    wrong: "OPENAI_API_KEY=your-api-key-here",
    right: "OPENAI_API_KEY=sk-…",
    language: "sh",
  },
  LR2068: {
    severity: "warning",
    title: "a key is left out",
    text: "One of a provider's keys is not there. The others are used.",
    wrong: 'keys: [env("OPENAI_KEY_1"), env("OPENAI_KEY_2")]   // and OPENAI_KEY_2 is not set',
    right: 'keys: [env("OPENAI_KEY_1"), env("OPENAI_KEY_2", { optional: true })]',
  },
  LR2069: {
    severity: "warning",
    title: "a provider's key comes twice",
    text: "The same key twice gives no more throughput, and the router would count it as two.",
    wrong: 'keys: [env("OPENAI_API_KEY"), env("OPENAI_API_KEY")]',
    right: 'keys: [env("OPENAI_API_KEY")]',
  },
  LR2070: {
    severity: "warning",
    title: "no caller key is there",
    text: "`auth.keys` names keys, all of them optional, and none was found. A list that is there asks for a key, so every request is refused. Without `auth.keys` the router serves its own machine without a key.",
    wrong: 'auth: { keys: [env("ROUTER_KEY", { optional: true })] }   // and ROUTER_KEY is not set',
    right: 'auth: { keys: [env("ROUTER_KEY")] }',
  },
})
