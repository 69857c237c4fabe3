import { config, type Mistake, withDemo } from "./mistake.ts"

/** A group `fast` of two deployments with more keys, and a group `slow`. */
const fast = (more: string) =>
  withDemo(`  groups: { fast: { models: ["demo/a", "demo/b"], ${more} }, slow: ["demo/c"] },`)

/** One deployment `demo/b` with more keys, beside `demo/a`. */
const trial = (more: string) =>
  withDemo(`  groups: { fast: ["demo/a", { provider: "demo", model: "b", ${more} }] },`)

const caller = (more: string, provider = "") =>
  config(
    `  providers: { demo: { type: "demo"${provider} } },
  groups: { fast: [{ provider: "demo", model: "a", tags: ["cheap"] }] },
  auth: { keys: [{ key: "0123456789abcdef", name: "web", ${more} }] },`,
  )

export const routingMistakes: readonly Mistake[] = [
  {
    title: "a strategy that is almost the name that another gateway has for it",
    code: "LR2054",
    source: fast('strategy: ⟦"simple-shufle"⟧'),
    message: 'there is no strategy "simple-shufle"',
    hint: "did you mean `simple-shuffle`?",
    fix: '"simple-shuffle"',
  },
  {
    title: "a strategy that is nothing like any",
    code: "LR2054",
    source: fast('strategy: ⟦"clairvoyant"⟧'),
    hint: '"priority"',
    fix: "({ candidates }: { candidates: readonly { id: string }[] }) => candidates[0]!.id",
  },
  {
    title: "a strategy that is a number",
    code: "LR2022",
    source: fast("strategy: ⟦5⟧"),
    message: "takes the name of a strategy or a function, not 5",
    fix: '"weighted"',
  },
  {
    title: "a strategy that is a regular expression",
    code: "LR2022",
    source: fast("strategy: ⟦/weighted/⟧"),
    message: "not a regular expression",
    fix: '"weighted"',
  },
  {
    title: "a group for long requests that does not exist",
    code: "LR2043",
    source: fast('contextFallbacks: [⟦"slwo"⟧]'),
    hint: "did you mean `slow`?",
    fix: '"slow"',
  },
  {
    title: "a group for refused requests that is the same group",
    code: "LR2044",
    source: fast('contentPolicyFallbacks: [⟦"fast"⟧]'),
    message: "falls back to itself",
    fix: '"slow"',
  },
  {
    title: "groups for long requests in a circle",
    code: "LR2044",
    source: withDemo(
      `  groups: {
    a: { models: ["demo/demo"], contextFallbacks: ["b"] },
    b: { models: ["demo/demo"], contextFallbacks: [⟦"a"⟧] },
  },`,
    ),
    message: 'fallbacks go in a circle: "a" → "b" → "a"',
    fix: "",
  },
  {
    title: "fallbacks of several kinds in a circle",
    code: "LR2044",
    source: withDemo(
      `  groups: {
    a: { models: ["demo/demo"], contextFallbacks: ["b"] },
    b: { models: ["demo/demo"], fallbacks: ["c"] },
    c: { models: ["demo/demo"], contentPolicyFallbacks: [⟦"a"⟧] },
  },`,
    ),
    message: '"a" –contextFallbacks→ "b" –fallbacks→ "c" –contentPolicyFallbacks→ "a"',
    fix: "",
  },
  {
    title: "a word for how tags count that does not exist",
    code: "LR2024",
    source: fast('tagMatch: ⟦"prefered"⟧'),
    hint: "did you mean `preferred`?",
    fix: '"preferred"',
  },
  {
    title: "a queue for nobody",
    code: "LR2023",
    source: fast("queue: ⟦0⟧"),
    message: "a whole number of at least 1, not 0",
    fix: "1",
  },
  {
    title: "a queue without its size",
    code: "LR2021",
    source: fast('⟦queue⟧: { timeout: "5s" }'),
    message: "has no `max`",
    fix: (text) => text.replace("{ timeout:", "{ max: 5, timeout:"),
  },
  {
    title: "a queue in which nobody may wait",
    code: "LR2023",
    source: fast('queue: { max: 5, timeout: ⟦"0s"⟧ }'),
    message: "a duration above 0",
    hint: '"30s"',
    fix: '"1s"',
  },
  {
    title: "a hedge at a quantile that is not offered",
    code: "LR2024",
    source: fast('hedge: ⟦"p99"⟧'),
    message: '`groups.fast.hedge` cannot be "p99"',
    hint: "did you mean `p95`?",
    fix: '"p95"',
  },
  {
    title: "a hedge's delay that is a word",
    code: "LR2025",
    source: fast('hedge: { delay: ⟦"2 seconds"⟧ }'),
    hint: 'did you mean `"2s"`?',
    fix: '"2s"',
  },
  {
    title: "a hedge in a group with one channel",
    code: "LR2055",
    source: withDemo('  groups: { fast: { models: ["demo/demo"], ⟦hedge⟧: true } },'),
    message: "the group has one channel",
    fix: (text) => text.replace('"demo/demo"', '"demo/demo", "demo/other"'),
  },
  {
    title: "a group that is mirrored to itself",
    code: "LR2057",
    source: fast('mirror: { group: ⟦"fast"⟧ }'),
    fix: '"slow"',
  },
  {
    title: "a group that is mirrored to none",
    code: "LR2043",
    source: fast('mirror: { group: ⟦"slwo"⟧, percent: 5 }'),
    hint: "did you mean `slow`?",
    fix: '"slow"',
  },
  {
    title: "more than all of the requests mirrored",
    code: "LR2023",
    source: fast('mirror: { group: "slow", percent: ⟦101⟧ }'),
    message: "from 0 to 100",
    hint: "the default is 100",
    fix: "10",
  },
  {
    title: "a limit over all attempts where only those of one are",
    code: "LR2020",
    source: trial('timeouts: { ⟦total⟧: "5m" }'),
    message: "has no key `total`",
    fix: "response",
  },
  {
    title: "a limit by its short name in the wrong place",
    code: "LR2020",
    source: trial("⟦rpm⟧: 60"),
    hint: "it belongs at `groups.<name>[].limits.rpm`",
    fix: (text) => text.replace("rpm: 60", "limits: { rpm: 60 }"),
  },
  {
    title: "a limit that lets nothing through",
    code: "LR2023",
    source: trial("limits: { parallel: ⟦0⟧ }"),
    message: "at least 1",
    fix: "1",
  },
  {
    title: "a trial with more than all of the traffic",
    code: "LR2023",
    source: trial("percent: ⟦120⟧"),
    message: "from 0 to 100",
    fix: "20",
  },
  {
    title: "trials that take more than all together",
    code: "LR2056",
    source: withDemo(
      `  groups: { fast: [
    "demo/a",
    { provider: "demo", model: "b", percent: 60 },
    { provider: "demo", model: "c", percent: ⟦50⟧ },
  ] },`,
    ),
    message: "60 % + 50 %",
    fix: "40",
  },
  {
    title: "trials that leave nothing for the rest",
    code: "LR2056",
    source: withDemo(
      `  groups: { ⟦fast⟧: [
    { provider: "demo", model: "a", percent: 60 },
    { provider: "demo", model: "b", percent: 40 },
  ] },`,
    ),
    message: "every deployment of `groups.fast` has a `percent`",
    fix: (text) => text.replace(", percent: 60", ""),
  },
  {
    title: "a trial that is alone",
    code: "LR2055",
    source: withDemo('  groups: { fast: [{ provider: "demo", model: "a", ⟦percent⟧: 10 }] },'),
    fix: "weight",
  },
  {
    title: "a capability that nobody knows",
    code: "LR2020",
    source: trial("capabilities: { ⟦jsonschema⟧: true }"),
    hint: "did you mean `jsonSchema`?",
    fix: "jsonSchema",
  },
  {
    title: "a context window as text",
    code: "LR2022",
    source: trial('capabilities: { contextWindow: ⟦"128000"⟧ }'),
    hint: "without quotes: 128000",
    fix: "128_000",
  },
  {
    title: "a price for one direction only",
    code: "LR2021",
    source: trial("⟦price⟧: { input: 2.5 }"),
    message: "has no `output`",
    fix: (text) => text.replace("input: 2.5", "input: 2.5, output: 10"),
  },
  {
    title: "a price below nothing",
    code: "LR2023",
    source: trial("price: { input: ⟦-1⟧, output: 10 }"),
    message: "at least 0",
    fix: "1",
  },
  {
    title: "two tags in one",
    code: "LR2058",
    source: trial('tags: [⟦"eu, cheap"⟧]'),
    hint: '`"eu", "cheap"`',
    fix: '"eu", "cheap"',
  },
  {
    title: "a tag that is nothing",
    code: "LR2023",
    source: trial('tags: [⟦""⟧]'),
    fix: '"eu"',
  },
  {
    title: "a caller with a tag that no deployment has",
    code: "LR2059",
    source: caller('tags: [⟦"chaep"⟧]'),
    hint: "did you mean `cheap`?",
    fix: '"cheap"',
  },
  {
    title: "a caller with tags that no deployment has together",
    code: "LR2059",
    source: config(`  providers: { demo: { type: "demo" } },
  groups: { fast: ["a", "b"].map((tag) => ({ provider: "demo", model: tag, tags: [tag] })) },
  auth: { keys: [{ key: "0123456789abcdef", name: "web", tags: ⟦["a", "b"]⟧ }] },`),
    message: 'has all of these tags: "a", "b"',
    fix: '["b"]',
  },
  {
    title: "a caller's tag with a space",
    code: "LR2058",
    source: caller('tags: [⟦"very cheap"⟧]'),
    hint: "very-cheap",
    fix: '"cheap"',
  },
  {
    title: "a caller in a region where nothing runs",
    code: "LR2059",
    source: caller('region: ⟦"us"⟧', ', region: "eu-west-1"'),
    message: 'in the region "us"',
    hint: "regions: `eu-west-1`",
    fix: '"eu"',
  },
]
