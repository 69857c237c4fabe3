// biome-ignore-all lint/suspicious/noTemplateCurlyInString: placeholders of JSON and YAML configs
// biome-ignore-all lint/suspicious/noThenProperty: a key of the config, which nobody awaits
import { expect, test } from "bun:test"
import { PLAIN_DEPLOYMENT, PLAIN_GROUP, PLAIN_PROVIDER } from "../../src/core/plain-settings.ts"
import { NEEDS, type Strategy } from "../../src/core/routing.ts"
import { strategies } from "../../src/routing/strategies/index.ts"
import { folder, load, loadSettings } from "./folder.ts"

const PROVIDERS = 'providers: { demo: { type: "demo" } }'

const typescript = (body: string) =>
  loadSettings(folder({ "llmrouter.config.ts": `export default { ${body} }\n` }))

const group = async (body: string) => {
  const { groups } = await typescript(
    `${PROVIDERS}, groups: { a: { models: ["demo/x", "demo/y"], ${body} }, b: ["demo/z"], c: ["demo/z"] }`,
  )
  return groups[0]!
}

const deployment = async (body: string) => {
  const { groups } = await typescript(
    `${PROVIDERS}, groups: { a: ["demo/x", { provider: "demo", model: "m", ${body} }] }`,
  )
  return groups[0]!.models[1]!
}

const provider = async (body: string) =>
  (await typescript(`providers: { p: { ${body} } }`)).providers[0]!

test("what a config does not say of routing is plain", async () => {
  const { groups, providers } = await typescript(`${PROVIDERS}, groups: { a: ["demo/x"] }`)
  expect(groups[0]).toEqual({
    ...PLAIN_GROUP,
    name: "a",
    models: [{ ...PLAIN_DEPLOYMENT, provider: "demo", model: "x" }],
  })
  expect(providers[0]).toMatchObject(PLAIN_PROVIDER_WITHOUT_URL)
})

const { baseUrl: _, ...PLAIN_PROVIDER_WITHOUT_URL } = PLAIN_PROVIDER

test("every strategy may be named by each of its aliases", async () => {
  const all: readonly Strategy[] = Object.values(strategies)
  const named = all.flatMap(({ name, aliases = [] }) =>
    [name, ...aliases].map((written) => ({ name, written })),
  )
  const { groups } = await typescript(
    `${PROVIDERS}, groups: { ${named
      .map(({ written }, n) => `g${n}: { strategy: "${written}", models: ["demo/x"] }`)
      .join(", ")} }`,
  )
  expect(groups.map(({ strategy }) => strategy)).toEqual(named.map(({ name }) => name))
})

test("a group names the groups for long requests and for refused ones", async () => {
  expect(await group('contextFallbacks: ["b"], contentPolicyFallbacks: ["c", "b"]')).toMatchObject({
    fallbacks: [],
    contextFallbacks: ["b"],
    contentPolicyFallbacks: ["c", "b"],
  })
})

test("groups that meet again on another way are no circle", async () => {
  const settings = await typescript(
    `${PROVIDERS}, groups: {
      a: { models: ["demo/x"], fallbacks: ["b"], contextFallbacks: ["c"] },
      b: { models: ["demo/x"], contextFallbacks: ["c"], contentPolicyFallbacks: ["c"] },
      c: ["demo/x"],
    }`,
  )
  expect(settings.groups[1]!.contentPolicyFallbacks).toEqual(["c"])
})

test("a queue is a number or says how long requests wait", async () => {
  expect((await group("queue: 10")).queue).toEqual({ max: 10, timeout: 30_000 })
  expect((await group("queue: { max: 5 }")).queue).toEqual({ max: 5, timeout: 30_000 })
  expect((await group('queue: { max: 5, timeout: "2s" }')).queue).toEqual({ max: 5, timeout: 2000 })
})

test("a hedge is on, off, a delay or an object with one", async () => {
  const hedge = async (text: string) => (await group(`hedge: ${text}`)).hedge
  expect(await hedge("true")).toEqual({ delay: "p95" })
  expect(await hedge("false")).toBeUndefined()
  expect(await hedge('"2s"')).toEqual({ delay: 2000 })
  expect(await hedge('"p95"')).toEqual({ delay: "p95" })
  expect(await hedge("750")).toEqual({ delay: 750 })
  expect(await hedge('{ delay: "1.5s" }')).toEqual({ delay: 1500 })
  expect(await hedge('{ delay: "p95" }')).toEqual({ delay: "p95" })
})

test("a group says how tags count, what is mirrored, what is continued, and its limit for all attempts", async () => {
  expect(
    await group(
      'tagMatch: "preferred", continuation: true, mirror: { group: "b", percent: 0.5 }, timeouts: { total: "20s", stall: "5s" }',
    ),
  ).toMatchObject({
    tagMatch: "preferred",
    continuation: true,
    mirror: { group: "b", percent: 0.5 },
    timeouts: { total: 20_000, stall: 5000 },
  })
  expect((await group('mirror: { group: "b" }')).mirror).toEqual({ group: "b", percent: 100 })
})

test("a deployment has a region, limits and a share for a trial", async () => {
  expect(
    await deployment('region: "eu", limits: { rpm: 60, tpm: 90_000, parallel: 4 }, percent: 2.5'),
  ).toMatchObject({ region: "eu", limits: { rpm: 60, tpm: 90_000, parallel: 4 }, percent: 2.5 })
  expect((await deployment("limits: { tpm: 1 }")).limits).toEqual({
    rpm: undefined,
    tpm: 1,
    parallel: undefined,
  })
})

test("every need of a request can be declared, and nothing else", async () => {
  const keys = [
    "tools",
    "parallelTools",
    "vision",
    "audio",
    "documents",
    "video",
    "jsonSchema",
    "reasoning",
    "streaming",
  ]
  const yes = await deployment(`capabilities: { ${keys.map((key) => `${key}: true`).join(", ")} }`)
  expect(yes.capabilities).toEqual({
    needs: Object.fromEntries(NEEDS.map((need) => [need, true])),
    window: undefined,
  })
  const some = await deployment("capabilities: { parallelTools: false, contextWindow: 128_000 }")
  expect(some.capabilities).toEqual({ needs: { "parallel-tools": false }, window: 128_000 })
})

test("a price is dollars per million tokens, and nano-dollars per token without noise", async () => {
  expect((await deployment("price: { input: 2.5, output: 10 }")).price).toEqual({
    input: 2500,
    output: 10_000,
    cacheRead: undefined,
    cacheWrite: undefined,
  })
  expect(
    (await deployment("price: { input: 0.07, output: 0, cacheRead: 0.0075, cacheWrite: 1.1 }"))
      .price,
  ).toEqual({ input: 70, output: 0, cacheRead: 7.5, cacheWrite: 1100 })
})

test("a budget is nano-dollars in a window of the calendar, or in all", async () => {
  const budget = async (text: string) => (await provider(`type: "demo", budget: "${text}"`)).budget
  expect(await budget("$20/day")).toEqual({ amount: 20_000_000_000, window: "day" })
  expect(await budget("$0.50/hour")).toEqual({ amount: 500_000_000, window: "hour" })
  expect(await budget("$5")).toEqual({ amount: 5_000_000_000, window: undefined })
  expect(await budget("$1.1/week")).toEqual({ amount: 1_100_000_000, window: "week" })
  expect(await budget("$10000/month")).toEqual({ amount: 10_000_000_000_000, window: "month" })
})

test("a provider's region is what it says, or what its type's own option says", async () => {
  expect((await provider('type: "demo", region: "eu"')).region).toBe("eu")
  const options = 'keys: ["0123456789abcdef"]'
  const ofType = await provider(`type: "bedrock", region: "eu-west-1", ${options}`)
  expect([ofType.region, ofType.options]).toEqual(["eu-west-1", { region: "eu-west-1" }])
  const located = await provider(
    `type: "vertex", project: "p", location: "europe-west4", ${options}`,
  )
  expect(located.region).toBe("europe-west4")
  const both = await provider(
    `type: "vertex", project: "p", location: "europe-west4", region: "eu", ${options}`,
  )
  expect([both.region, both.options["location"]]).toEqual(["eu", "europe-west4"])
  expect((await provider('type: "demo"')).region).toBeUndefined()
})

test("rules for errors keep what they say and nothing else", async () => {
  const { errors } = await provider(
    `type: "demo", errors: [
      { status: 500, body: /over.?loaded/gi, then: "next-key", cooldown: "30s" },
      { status: [404, 410], body: "no such (model)", phase: "before", then: "next-deployment", breaker: false },
      { cooldown: 0 },
    ]`,
  )
  const [first, second, third] = errors
  expect(first).toMatchObject({ status: [500], then: "next-key", cooldown: 30_000 })
  // With `g` it would find every other one only.
  expect([1, 2, 3].map(() => first!.body!.test("Overloaded"))).toEqual([true, true, true])
  expect(second).toMatchObject({
    status: [404, 410],
    phase: "before",
    then: "next-deployment",
    breaker: false,
  })
  expect(second!.body!.test("There is NO SUCH (MODEL) here")).toBe(true)
  expect(second!.body!.test("no such model")).toBe(false)
  expect(third).toEqual({
    status: [],
    body: undefined,
    phase: undefined,
    then: undefined,
    breaker: undefined,
    cooldown: 0,
  })
})

test("errors inside good answers are found by patterns, texts and functions", async () => {
  const { errorMatchers, probe } = await provider(
    'type: "demo", errorMatchers: [/^quota/, "a.b", (text) => text.length > 3], probe: "paid"',
  )
  const [pattern, text, called] = errorMatchers
  if (!(pattern instanceof RegExp) || !(text instanceof RegExp) || typeof called !== "function") {
    throw new Error("not the matchers that were written")
  }
  expect([pattern.test("quota"), pattern.test("Quota")]).toEqual([true, false])
  expect([text.test("x A.B x"), text.test("aXb")]).toEqual([true, false])
  expect([called("long"), called("no")]).toEqual([true, false])
  expect(probe).toBe("paid")
})

test("a caller's key has tags and a region", async () => {
  const { auth } = await typescript(
    `providers: { demo: { type: "demo", region: "eu-west-1" } },
    groups: { a: [{ provider: "demo", model: "x", tags: ["cheap"] }] },
    auth: { keys: ["fedcba9876543210", { name: "web", key: "0123456789abcdef", tags: ["cheap"], region: "eu" }] }`,
  )
  expect(auth.keys.map(({ tags, region }) => ({ tags, region }))).toEqual([
    { tags: [], region: undefined },
    { tags: ["cheap"], region: "eu" },
  ])
})

test("a caller's region is no mistake where it may name a provider there itself", async () => {
  const cwd = folder({
    "llmrouter.config.ts": `export default { providers: { demo: { type: "demo", region: "EU-west-1" } }, auth: { keys: [{ name: "web", key: "0123456789abcdef", region: "eu" }] } }`,
  })
  const { ok, warnings } = await load(cwd)
  expect([ok, warnings]).toEqual([true, []])
})

test("a caller's tags are no mistake where they are only a wish, or another group has them", async () => {
  const warnings = async (groups: string, key: string) => {
    const { warnings, ...result } = await load(
      folder({
        "llmrouter.config.ts": `export default { ${PROVIDERS}, groups: { ${groups} }, auth: { keys: [{ name: "web", key: "0123456789abcdef", ${key} }] } }`,
      }),
    )
    expect(result.ok).toBe(true)
    return warnings.map(({ code }) => code)
  }
  const tagged = '{ provider: "demo", model: "x", tags: ["cheap"] }'
  const two = `a: ["demo/x"], b: [${tagged}]`
  expect(await warnings(two, 'tags: ["cheap"]')).toEqual([])
  expect(await warnings(two, 'groups: ["a"], tags: ["cheap"]')).toEqual(["LR2059"])
  expect(
    await warnings('a: { models: ["demo/x"], tagMatch: "preferred" }', 'tags: ["cheap"]'),
  ).toEqual([])
})

test("weights that are all 0 are fine where 0 means first, and for a function", async () => {
  const models =
    '[{ provider: "demo", model: "x", weight: 0 }, { provider: "demo", model: "y", weight: 0 }]'
  for (const strategy of ['"least-usage"', '"least_usage"', "() => undefined"]) {
    const { groups } = await typescript(
      `${PROVIDERS}, groups: { a: { strategy: ${strategy}, models: ${models} } }`,
    )
    expect(groups[0]!.models.map(({ weight }) => weight)).toEqual([0, 0])
  }
})

test("two keys of one deployment are enough for a hedge", async () => {
  const { warnings } = await load(
    folder({
      "llmrouter.config.ts": `export default { providers: { o: { type: "openai", keys: ["sk-0123456789abcd", "sk-0123456789abce"] } }, groups: { a: { models: ["o/gpt-5"], hedge: true } } }`,
    }),
  )
  expect(warnings).toEqual([])
})

test("YAML says the same as TypeScript, as far as it has words for it", async () => {
  const yaml = await loadSettings(
    folder({
      "llmrouter.config.yaml": `
providers:
  p:
    type: demo
    region: eu
    budget: $20/day
    probe: none
    errors:
      - { status: [500, 502], body: "/over.?loaded/i", then: next-key, breaker: false, cooldown: 30s }
      - { status: 404, body: no such model, phase: before, then: next-deployment }
    errorMatchers: ["/quota/", overloaded]
groups:
  a:
    strategy: fallback
    models:
      - p/x
      - provider: p
        model: y
        region: eu-west-1
        limits: { rpm: "\${RPM}", tpm: 1000, parallel: 2 }
        percent: 10
        capabilities: { parallelTools: false, contextWindow: 128000 }
        price: { input: 2.5, output: 10 }
    contextFallbacks: [b]
    contentPolicyFallbacks: [b]
    tagMatch: preferred
    queue: { max: 5, timeout: 2s }
    hedge: p95
    continuation: true
    mirror: { group: b, percent: 5 }
    timeouts: { total: 20s }
  b: [p/z]
storage: false
`,
    }),
    { env: { RPM: "60" } },
  )
  const script = await typescript(`
    providers: { p: { type: "demo", region: "eu", budget: "$20/day", probe: "none",
      errors: [
        { status: [500, 502], body: /over.?loaded/i, then: "next-key", breaker: false, cooldown: "30s" },
        { status: 404, body: "no such model", phase: "before", then: "next-deployment" },
      ],
      errorMatchers: [/quota/, "overloaded"] } },
    groups: {
      a: {
        strategy: "priority",
        models: ["p/x", { provider: "p", model: "y", region: "eu-west-1", limits: { rpm: 60, tpm: 1000, parallel: 2 },
          percent: 10, capabilities: { parallelTools: false, contextWindow: 128_000 }, price: { input: 2.5, output: 10 } }],
        contextFallbacks: ["b"], contentPolicyFallbacks: ["b"], tagMatch: "preferred", queue: { max: 5, timeout: 2000 },
        hedge: true, continuation: true, mirror: { group: "b", percent: 5 }, timeouts: { total: 20_000 },
      },
      b: ["p/z"],
    },
    storage: false`)
  expect(yaml.providers).toEqual(script.providers)
  expect(yaml.groups).toEqual(script.groups)
  expect(yaml.version).toBe(script.version)
})
