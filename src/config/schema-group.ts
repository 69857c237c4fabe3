import * as t from "../core/typebox.ts"
import { DEFAULT_STRATEGY, strategies } from "../routing/strategies/index.ts"
import { Deployment } from "./schema-deployment.ts"
import {
  Callback,
  choice,
  Duration,
  type FieldOptions,
  flag,
  groupName,
  object,
} from "./schema-fields.ts"
import { RequestTimeouts, retries } from "./schema-timeouts.ts"

/** Each strategy by its name, and by the names that it has elsewhere. */
const strategyNames = Object.values(strategies).flatMap(({ name, description, aliases = [] }) => [
  t.Literal(name, { description }),
  ...aliases.map((alias) => t.Literal(alias, { description: `Alias of \`${name}\`.` })),
])

const strategy = t.Optional(
  t.Union([...strategyNames, Callback("StrategyFunction", "A function of your own.")], {
    kind: "strategy",
    description:
      "How a deployment is chosen: by a strategy's name, or by a function that puts the candidates in order.",
    default: DEFAULT_STRATEGY,
  } satisfies FieldOptions),
)

/** The deployments of a group. */
export const Models = t.Array(
  t.Union([
    t.String({ kind: "model", description: "`provider/model`" } satisfies FieldOptions),
    Deployment,
  ]),
  { minItems: 1, description: "Deployments: `provider/model`, or an object with more." },
)

const groupNames = (description: string) =>
  t.Optional(t.Array(groupName("Name of a group."), { description, default: [] }))

/** How long a request waits when the config does not say. */
export const QUEUE_TIMEOUT = "30s"

const Queue = object(
  {
    max: t.Integer({ minimum: 1, description: "Requests that may wait at the same time." }),
    timeout: t.Optional(
      Duration({
        description: "Longest time that each may wait.",
        default: QUEUE_TIMEOUT,
        minimum: 1,
      }),
    ),
  },
  { description: "Waiting for a channel." },
)

const delay = (options: Partial<FieldOptions> = {}) =>
  t.Union(
    [
      t.Literal("p95", {
        description: "What 95 % of its streams take to begin; only streams are hedged then.",
      }),
      Duration(),
    ],
    options,
  )

const Hedge = object(
  {
    delay: delay({
      description: "Time without content after which it begins, or `p95` of the deployment's own.",
    }),
  },
  { description: "The second attempt." },
)

/** How many requests are copied when the config does not say. */
export const MIRROR_PERCENT = 100

const Mirror = object(
  {
    group: groupName("Name of the group that gets the copies."),
    percent: t.Optional(
      t.Number({
        minimum: 0,
        maximum: 100,
        description: "Percentage of the requests that are copied.",
        default: MIRROR_PERCENT,
      }),
    ),
  },
  {
    description:
      "Sends copies of requests to another group; their answers are dropped. They cost what they cost.",
  },
)

/** A group with more than its deployments. */
export const GroupObject = object(
  {
    strategy,
    models: Models,
    fallbacks: groupNames("Groups that are tried when this one has failed."),
    contextFallbacks: groupNames("Groups that are tried when a request is too long for this one."),
    contentPolicyFallbacks: groupNames(
      "Groups that are tried when this one refuses what a request says.",
    ),
    tagMatch: choice(
      "Whether a deployment has to have a request's tags (`strict`), or is only better with them (`preferred`).",
      ["strict", "preferred"],
      "strict",
    ),
    queue: t.Optional(
      t.Union([t.Integer({ minimum: 1 }), Queue], {
        description:
          "Lets requests wait while no channel can take them, instead of 429: how many, or the details.",
        defaultText: "none waits",
      }),
    ),
    hedge: t.Optional(
      t.Union([t.Boolean(), ...delay().anyOf, Hedge], {
        description:
          "Begins a second attempt when the first one gives nothing for some time; the first content wins. Both are paid. `true` is `p95`.",
        default: false,
      }),
    ),
    continuation: flag(
      "Lets the next upstream go on from the text so far when a text stream dies; the answer says so.",
      false,
    ),
    mirror: t.Optional(Mirror),
    timeouts: t.Optional(RequestTimeouts("Time limits of this group.")),
    retries,
    strict: t.Optional(
      t.Boolean({
        description:
          "Refuse a request with 400 when the chosen provider cannot do all that it asks for, instead of leaving parts out with a warning.",
        default: false,
      }),
    ),
  },
  { description: "A model name that callers use, with its strategy." },
)
