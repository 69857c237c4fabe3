import { config, type Mistake } from "./mistake.ts"

const demo = (more: string) => config(`  providers: { demo: { type: "demo", ${more} } },`)

const yaml = (more: string) => ({
  file: "llmrouter.config.yaml",
  source: `providers:\n  demo:\n    type: demo\n${more}`,
})

export const upstreamMistakes: readonly Mistake[] = [
  {
    title: "a budget in words",
    code: "LR2037",
    source: demo('budget: ⟦"20 USD per day"⟧'),
    message: '`providers.demo.budget` takes US dollars such as `"$20/day"`, not "20 USD per day"',
    hint: 'did you mean `"$20/day"`?',
    fix: '"$20/day"',
  },
  {
    title: "a budget that is a number",
    code: "LR2037",
    source: demo("budget: ⟦5⟧"),
    hint: 'did you mean `"$5"`?',
    fix: '"$5"',
  },
  {
    title: "a budget of nothing",
    code: "LR2037",
    source: demo('budget: ⟦"$0/day"⟧'),
    fix: '"$0.01/day"',
  },
  {
    title: "a budget that is a list",
    code: "LR2022",
    source: demo("budget: ⟦[]⟧"),
    message: "takes US dollars",
    fix: '"$5"',
  },
  {
    title: "a status that HTTP does not have",
    code: "LR2023",
    source: demo('errors: [{ status: [500, ⟦5000⟧], then: "retry" }]'),
    message: "from 100 to 599",
    fix: "502",
  },
  {
    title: "a list of no statuses",
    code: "LR2045",
    source: demo('errors: [{ status: ⟦[]⟧, then: "retry" }]'),
    fix: "500",
  },
  {
    title: "a next step that does not exist",
    code: "LR2024",
    source: demo('errors: [{ status: 500, then: ⟦"next"⟧ }]'),
    hint: "did you mean `next-key`?",
    fix: '"next-key"',
  },
  {
    title: "a next step after the answer has begun",
    code: "LR2055",
    source: demo('errors: [{ phase: "after", then: ⟦"retry"⟧ }]'),
    message: 'cannot be "retry" after the answer has begun',
    fix: '"fail"',
  },
  {
    title: "a rule that hides those after it",
    code: "LR2055",
    source: demo('errors: [⟦{ then: "retry" }⟧, { status: 500, then: "fail" }]'),
    message: "the rules after `providers.demo.errors[0]` have no effect",
    fix: '{ then: "retry", status: 429 }',
  },
  {
    title: "a rule from which nothing follows",
    code: "LR2055",
    source: demo("errors: [⟦{ status: 500 }⟧]"),
    message: "says nothing of what comes next",
    fix: "{ status: 500, breaker: false }",
  },
  {
    title: "a body that is a number",
    code: "LR2022",
    source: demo("errors: [{ body: ⟦500⟧, breaker: false }]"),
    message: "takes text or a regular expression, not 500",
    fix: "/500/",
  },
  {
    title: "a rest that is a word",
    code: "LR2025",
    source: demo('errors: [{ status: 500, cooldown: ⟦"long"⟧ }]'),
    hint: 'such as `"30s"`',
    fix: '"30s"',
  },
  {
    title: "a pattern that is found everywhere",
    code: "LR2040",
    source: demo("errorMatchers: [/quota/i, ⟦/.*/⟧]"),
    message: "found in every text: /.*/",
    fix: "/limit/",
  },
  {
    title: "a regular expression in quotes",
    code: "LR2039",
    source: demo('errorMatchers: [⟦"/quota/i"⟧]'),
    hint: "without quotes: /quota/i",
    fix: "/quota/i",
  },
  {
    title: "an empty text to look for",
    code: "LR2023",
    source: demo('errorMatchers: [⟦""⟧]'),
    message: "is empty",
    fix: '(text: string) => text.startsWith("error")',
  },
  {
    title: "something to find errors with that is none",
    code: "LR2022",
    source: demo("errorMatchers: [⟦true⟧]"),
    message: "takes text or a regular expression or a function, not true",
    fix: '"overloaded"',
  },
  {
    title: "a regular expression of YAML that is none",
    code: "LR2038",
    ...yaml("    errorMatchers: [⟦/quota (exceeded/i⟧]\n"),
    message: "/quota (exceeded/i",
    fix: "/quota \\(exceeded/i",
  },
  {
    title: "a way to probe that does not exist",
    code: "LR2024",
    source: demo('probe: ⟦"cheap"⟧'),
    hint: 'the default is `"free"`',
    fix: '"paid"',
  },
  {
    title: "a limit over all attempts of a provider",
    code: "LR2020",
    source: demo('timeouts: { ⟦total⟧: "5m" }'),
    message: "has no key `total`",
    fix: "response",
  },
]
