import type { TObject, TSchema } from "@sinclair/typebox"
import * as t from "../core/typebox.ts"
import type { ProviderDefinition } from "../core/provider.ts"
import { providers } from "../providers/index.ts"
import { errorFields } from "./schema-errors.ts"
import { choice, money, object, secret } from "./schema-fields.ts"
import { Timeouts } from "./schema-timeouts.ts"

/** Every protocol in which some provider answers chats. */
const PROTOCOLS = [...new Set([...providers.values()].flatMap(({ speaks }) => speaks.chat ?? []))]

/** What every provider takes, whatever its type. */
export const commonFields = {
  keys: t.Optional(
    t.Array(secret("A provider key."), {
      description: 'Provider keys: `env("X")`, `file("/run/secrets/x")` or a string.',
      defaultText: "the type's well-known environment variable",
    }),
  ),
  models: t.Optional(
    t.Array(t.String({ minLength: 1 }), {
      description:
        "Models that this provider serves. With a list, groups can name no other; without one, any.",
    }),
  ),
  headers: t.Optional(
    t.Record(t.String(), secret("A header's value."), {
      description: "Headers added to every request to this provider.",
      default: {},
    }),
  ),
  extraBody: t.Optional(
    t.Record(t.String(), t.Unknown(), {
      description: "Fields added to every JSON body for this provider; they win over the caller's.",
      default: {},
    }),
  ),
  passHeaders: t.Optional(
    t.Array(t.String(), {
      description: "Names of the caller's headers that are sent on to this provider.",
      default: [],
    }),
  ),
  protocols: t.Optional(
    t.Array(t.Union(PROTOCOLS.map((protocol) => t.Literal(protocol))), {
      description:
        "Protocols in which this provider is spoken to, preferred first, instead of those that the router knows of it.",
      defaultText: "what the type is known to speak",
    }),
  ),
  proxy: t.Optional(
    t.String({
      description: "URL of an outbound HTTP proxy, such as `http://user:password@host:3128`.",
      defaultText: "`HTTPS_PROXY` or `HTTP_PROXY`",
    }),
  ),
  timeouts: t.Optional(Timeouts("Time limits of this provider.")),
  region: t.Optional(
    t.String({
      minLength: 1,
      description:
        "Where its models run, such as `eu` or `us-east-1`, for requests that stay there.",
      defaultText: "what the type's own options say",
    }),
  ),
  budget: money(
    "What may be spent here, in all or in each hour, day, week or month (UTC). After that it is skipped. Requests without a known price do not count.",
  ),
  ...errorFields,
  probe: choice(
    "How a key that was rejected is tried again: by a free request, by a small paid one, or only by real ones.",
    ["free", "paid", "none"],
    "free",
  ),
}

/** The config block of one provider type. */
export function providerSchema(definition: ProviderDefinition): TObject {
  const url = t.String({
    description: "Base URL, up to and including the version: `https://host/v1`.",
    ...(definition.baseUrl && { default: definition.baseUrl }),
  })
  const required = definition.baseUrl === undefined && definition.needs === undefined
  const options: Record<string, TSchema> = {}
  for (const [name, description] of Object.entries(definition.options ?? {})) {
    options[name] = t.Optional(t.String({ description }))
  }
  return object(
    {
      type: t.Literal(definition.type, { description: definition.description }),
      baseUrl: required ? url : t.Optional(url),
      ...commonFields,
      // After the common ones: some types have a `region` of their own.
      ...options,
    },
    { description: definition.description },
  )
}

/** A provider of any type. */
export const Provider = t.Union([...providers.values()].map(providerSchema), {
  description: "An account at an LLM vendor, or a server that speaks its API.",
})
