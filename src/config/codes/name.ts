import { defineCodes } from "./entry.ts"

/** Mistakes in names, and in what they point to. */
export const nameCodes = defineCodes({
  LR2041: {
    severity: "error",
    title: "unknown provider",
    text: "A deployment is `provider/model`, and the part before the first slash is a name in `providers`: yours, not the vendor's.",
    wrong: 'providers: { openai: { type: "openai" } },\ngroups: { fast: ["opnai/gpt-5.4-mini"] }',
    right: 'providers: { openai: { type: "openai" } },\ngroups: { fast: ["openai/gpt-5.4-mini"] }',
  },
  LR2042: {
    severity: "error",
    title: "the provider does not list that model",
    text: "A provider with a `models` list serves those models and no others.",
    wrong:
      'providers: { local: { type: "ollama", models: ["qwen3:8b"] } },\ngroups: { fast: ["local/qwen3:7b"] }',
    right:
      'providers: { local: { type: "ollama", models: ["qwen3:8b"] } },\ngroups: { fast: ["local/qwen3:8b"] }',
  },
  LR2043: {
    severity: "error",
    title: "unknown group",
    text: "`defaultGroup`, all kinds of fallbacks, `mirror` and the `groups` of a caller key name groups of this config.",
    wrong: 'groups: { fast: ["demo/demo"] },\ndefaultGroup: "quick"',
    right: 'groups: { fast: ["demo/demo"] },\ndefaultGroup: "fast"',
  },
  LR2044: {
    severity: "error",
    title: "fallbacks go in a circle",
    text: "A request never tries a group twice, so a fallback that leads back would have no effect, whether the way there was by `fallbacks`, `contextFallbacks` or `contentPolicyFallbacks`.",
    wrong:
      'a: { models: ["demo/demo"], fallbacks: ["b"] },\nb: { models: ["demo/demo"], fallbacks: ["a"] }',
    right: 'a: { models: ["demo/demo"], fallbacks: ["b"] },\nb: { models: ["demo/demo"] }',
  },
  LR2045: {
    severity: "error",
    title: "an empty list",
    text: "That list needs an entry: a group without deployments could not answer anything.",
    wrong: "groups: { fast: [] }",
    right: 'groups: { fast: ["demo/demo"] }',
  },
  LR2046: {
    severity: "error",
    title: "a deployment comes twice",
    text: "A deployment is known by its provider and its model. Twice in one group, it would be the same one.",
    wrong: 'groups: { fast: ["demo/demo", "demo/demo"] }',
    right: 'groups: { fast: [{ provider: "demo", model: "demo", weight: 2 }] }',
  },
  LR2047: {
    severity: "error",
    title: "not a deployment",
    text: "A deployment is written `provider/model`, or as an object with `provider` and `model`.",
    wrong: 'groups: { fast: ["gpt-5.4-mini"] }',
    right: 'groups: { fast: ["openai/gpt-5.4-mini"] }',
  },
  LR2048: {
    severity: "error",
    title: "not a name for a group",
    text: "Callers write `group`, `group$0` for one of its channels, or `provider/model`. A name with a slash, a dollar sign or a space could not be told apart.",
    wrong: 'groups: { "my/fast": ["demo/demo"] }',
    right: 'groups: { "my-fast": ["demo/demo"] }',
  },
  LR2049: {
    severity: "error",
    title: "not a name for a provider",
    text: "In `provider/model` the provider's name ends at the first slash, so it has none, and no spaces.",
    wrong: 'providers: { "eu/openai": { type: "openai" } }',
    right: 'providers: { "eu-openai": { type: "openai" } }',
  },
  LR2050: {
    severity: "error",
    title: "no providers",
    text: "Without a provider no request can be answered. `demo` works without any key.",
    wrong: "providers: {}",
    right: 'providers: { demo: { type: "demo" } }',
  },
  LR2051: {
    severity: "error",
    title: "every weight is 0",
    text: 'Weight 0 takes no share of the traffic. At least one deployment of a group needs more. With `least-usage` it means "always first", and is fine.',
    wrong: 'models: [{ provider: "demo", model: "demo", weight: 0 }]',
    right: 'models: [{ provider: "demo", model: "demo", weight: 1 }]',
  },
  LR2052: {
    severity: "error",
    title: "no default group for unknown models",
    text: '`unknownModel: "default"` sends requests for unknown models to the default group, so there has to be a group.',
    wrong: 'providers: { demo: { type: "demo" } },\nunknownModel: "default"',
    right:
      'providers: { demo: { type: "demo" } },\ngroups: { any: ["demo/demo"] },\nunknownModel: "default"',
  },
  LR2053: {
    severity: "error",
    title: "a group that cannot be reached",
    text: "The model name `auto` always means the default group, so a group of that name has to be it.",
    wrong: 'groups: { fast: ["demo/demo"], auto: ["demo/demo"] }',
    right: 'groups: { fast: ["demo/demo"], auto: ["demo/demo"] },\ndefaultGroup: "auto"',
  },
  LR2054: {
    severity: "error",
    title: "unknown strategy",
    text: "`strategy` is one of those that the router knows, by its name or by one that other gateways have for it, or a function.",
    wrong: 'strategy: "turns"',
    right: 'strategy: "round-robin"',
  },
  LR2055: {
    severity: "warning",
    title: "a setting without effect",
    text: "Something else in the config leaves nothing for it to do.",
    wrong: 'fast: { models: ["demo/demo"], hedge: true }',
    right: 'fast: { models: ["demo/demo", "demo/other"], hedge: true }',
  },
  LR2056: {
    severity: "error",
    title: "trials that leave nothing, or take too much",
    text: "The percentages of a group's deployments make at most 100 together, and what they leave goes to a deployment without one.",
    wrong:
      'models: [\n  { provider: "demo", model: "a", percent: 50 },\n  { provider: "demo", model: "b", percent: 50 },\n]',
    right: 'models: ["demo/a", { provider: "demo", model: "b", percent: 50 }]',
  },
  LR2057: {
    severity: "error",
    title: "a group that is mirrored to itself",
    text: "Copies of requests go to another group, which can have the same deployments.",
    wrong: 'fast: { models: ["demo/demo"], mirror: { group: "fast" } }',
    right: 'fast: { models: ["demo/demo"], mirror: { group: "next" } },\nnext: ["demo/next"]',
  },
  LR2058: {
    severity: "error",
    title: "not a tag",
    text: "Callers list tags in a header with commas between them, so a tag is a word without spaces and commas.",
    wrong: 'tags: ["eu, cheap"]',
    right: 'tags: ["eu", "cheap"]',
  },
  LR2059: {
    severity: "warning",
    title: "a caller that no deployment can serve",
    text: "The tags and the region of a caller key count for every request with it. Where no deployment has them, all are refused.",
    wrong: 'auth: { keys: [{ name: "web", key: env("KEY"), region: "eu" }] }',
    right:
      'providers: { openai: { type: "openai", region: "eu" } },\nauth: { keys: [{ name: "web", key: env("KEY"), region: "eu" }] }',
  },
})
