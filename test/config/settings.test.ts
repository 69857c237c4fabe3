import { PLAIN_DEPLOYMENT } from "../../src/core/plain-settings.ts"
import { expect, test } from "bun:test"
import { join } from "node:path"
import { folder, loadSettings } from "./folder.ts"

const config = (body: string) => ({ "llmrouter.config.ts": `export default { ${body} }\n` })
const PROVIDERS =
  'providers: { demo: { type: "demo" }, o: { type: "openai", keys: ["sk-0123456789"] } }'

test("what a config does not say has its default", async () => {
  const cwd = folder(config(PROVIDERS))
  const settings = await loadSettings(cwd)
  expect(settings).toMatchObject({
    file: join(cwd, "llmrouter.config.ts"),
    server: {
      host: undefined,
      port: 8080,
      cors: undefined,
      drain: 30_000,
      keepAlive: 15_000,
      compression: true,
      headers: true,
    },
    auth: { required: false, keys: [], adminKey: undefined },
    groups: [],
    defaultGroup: undefined,
    unknownModel: "error",
    exposeModels: false,
    timeouts: {
      connect: 5000,
      firstByte: 60_000,
      firstContent: 300_000,
      stall: 300_000,
      response: 900_000,
      total: 0,
    },
    retries: { attempts: 3, backoff: 250, maxBackoff: 5000 },
    cooldown: {
      network: 10_000,
      rateLimit: 60_000,
      server: 30_000,
      auth: 30_000,
      authMax: 600_000,
      missing: 300_000,
    },
    breaker: {
      failures: 5,
      rate: 0.5,
      window: 30_000,
      minimum: 20,
      recovery: 30_000,
      open: 30_000,
      maxOpen: 300_000,
    },
    limits: { body: 64 * 1024 ** 2, response: 128 * 1024 ** 2, media: 20 * 1024 ** 2 },
    fetchMedia: "public",
    storage: { path: join(cwd, ".llmrouter/llmrouter.db"), keepAnswers: 30 * 86_400_000 },
    log: { level: "info", format: "auto" },
  })
  expect(settings.providers[1]).toMatchObject({
    name: "o",
    type: "openai",
    baseUrl: "https://api.openai.com/v1",
    missingKeys: [],
    models: [],
    headers: {},
    extraBody: {},
    passHeaders: [],
    proxy: undefined,
    timeouts: {},
    options: {},
  })
})

test("short forms and long forms mean the same", async () => {
  const short = config(
    `${PROVIDERS}, groups: { a: ["o/x/y:z@1$2"] }, retries: 2, server: { cors: true }, storage: false`,
  )
  const long = config(
    `${PROVIDERS}, groups: { a: { strategy: "priority", models: [{ provider: "o", model: "x/y:z@1$2", weight: 1, tags: [] }], fallbacks: [] } }, retries: { attempts: 2 }, server: { cors: { origins: ["*"] } }, defaultGroup: "a", storage: false`,
  )
  const [one, other] = [await loadSettings(folder(short)), await loadSettings(folder(long))]
  expect({ ...one, file: "", files: [] }).toEqual({ ...other, file: "", files: [] })
  expect(one.groups[0]!.models[0]!.model).toBe("x/y:z@1$2")
  expect(one.server.cors).toEqual({ origins: ["*"] })
  expect(one.version).toBe(other.version)
})

test("only what a group, a provider or a deployment says itself is in its own limits", async () => {
  const { groups, providers } = await loadSettings(
    folder(
      config(
        'providers: { demo: { type: "demo", timeouts: { stall: "1.5m" } } }, groups: { a: { models: [{ provider: "demo", model: "m", timeouts: { connect: 0 }, weight: 0.5, tags: ["eu"] }], retries: 0, timeouts: { response: "1h" } }, b: { models: ["demo/m"], retries: { maxBackoff: "1s" } } }',
      ),
    ),
  )
  expect(providers[0]!.timeouts).toEqual({ stall: 90_000 })
  expect(groups[0]!.models[0]).toEqual({
    ...PLAIN_DEPLOYMENT,
    provider: "demo",
    model: "m",
    weight: 0.5,
    tags: ["eu"],
    timeouts: { connect: 0 },
  })
  expect(groups[0]!.timeouts).toEqual({ response: 3_600_000 })
  expect(groups[0]!.retries).toEqual({ attempts: 0 })
  expect(groups[1]!.retries).toEqual({ maxBackoff: 1000 })
})

test("a type's own options, extra fields and header names are carried over", async () => {
  const { providers } = await loadSettings(
    folder(
      config(
        'providers: { az: { type: "azure", resource: "mine", apiVersion: "2024-10-21", keys: ["0123456789"], extraBody: { n: 1, deep: { a: [true, null] } }, passHeaders: ["X-Trace-Id"], proxy: "http://u:p@127.0.0.1:3128" } }',
      ),
    ),
  )
  expect(providers[0]).toMatchObject({
    baseUrl: undefined,
    options: { resource: "mine", apiVersion: "2024-10-21" },
    extraBody: { n: "1", deep: '{"a":[true,null]}' },
    passHeaders: ["x-trace-id"],
    proxy: "http://u:p@127.0.0.1:3128",
  })
})

test("callers are known by their name, or by the fingerprint of their key", async () => {
  const { auth } = await loadSettings(
    folder(
      config(
        `${PROVIDERS}, groups: { a: ["demo/m"] }, auth: { keys: ["0123456789abcdef", { name: "web", key: "fedcba9876543210", groups: ["a"] }], adminKey: "admin-0123456789abcdef" }`,
      ),
    ),
  )
  const [first, second] = auth.keys
  expect(first!.id).toBe(`key-${first!.key.fingerprint}`)
  expect([first!.groups, second!.id, second!.groups]).toEqual([undefined, "web", ["a"]])
  expect(auth.adminKey!.reveal()).toBe("admin-0123456789abcdef")
})

test("the version changes when the config does, and with a key's value, and not otherwise", async () => {
  const version = async (body: string) =>
    (await loadSettings(folder(config(`storage: false, ${body}`)))).version
  const keyed = (key: string) => `providers: { a: { type: "openai", keys: ["${key}"] } }`
  const one = await version(keyed("sk-0123456789abcdef"))
  expect(one).toMatch(/^[0-9a-f]{12}$/)
  expect(await version(`retries: 3, ${keyed("sk-0123456789abcdef")}`)).toBe(one)
  expect(await version(keyed("sk-0123456789abcdeg"))).not.toBe(one)
  expect(await version(`${keyed("sk-0123456789abcdef")}, retries: 4`)).not.toBe(one)
})

test("a group's order of deployments counts for the version", async () => {
  const version = async (list: string) => {
    const cwd = folder({
      "llmrouter.config.ts": `export default { ${PROVIDERS}, groups: { a: ${list} }, storage: false }`,
    })
    return (await loadSettings(cwd)).version
  }
  expect(await version('["demo/a", "demo/b"]')).not.toBe(await version('["demo/b", "demo/a"]'))
})
