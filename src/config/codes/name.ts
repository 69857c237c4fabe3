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
    text: "`defaultGroup`, `fallbacks` and the `groups` of a caller key name groups of this config.",
    wrong: 'groups: { fast: ["demo/demo"] },\ndefaultGroup: "quick"',
    right: 'groups: { fast: ["demo/demo"] },\ndefaultGroup: "fast"',
  },
  LR2044: {
    severity: "error",
    title: "fallbacks go in a circle",
    text: "A request never tries a group twice, so a fallback that leads back would have no effect.",
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
    text: "Weight 0 takes no share of the traffic. At least one deployment of a group needs more.",
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
    text: "`strategy` is one of those that the router knows.",
    wrong: 'strategy: "roundrobin"',
    right: 'strategy: "round-robin"',
  },
})
