import { type Static, Type as t } from "@sinclair/typebox"
import { nullable, oneOf, open } from "../shapes.ts"

/** How the router is, with its deployments by state. */
export const Health = open(
  {
    status: oneOf(
      ["ok", "degraded", "draining"],
      "`degraded`: some deployment is out, or the last reload failed. `draining`: shutting down.",
    ),
    version: t.Optional(t.String({ description: "Of the router." })),
    config: t.Optional(
      open({}, { description: "Which config is live, and why a newer one is not." }),
    ),
    deployments: t.Optional(open({}, { description: "Deployments by state." })),
  },
  { $id: "Health", description: "How the router is, with its deployments by state." },
)
export type Health = Static<typeof Health>

/** One word for a probe. */
export const Probe = open(
  { status: t.String({ description: "`ok`, or why not." }) },
  { $id: "Probe", description: "One word for a probe." },
)
export type Probe = Static<typeof Probe>

/** What a reload did. */
export const Reload = open(
  {
    status: oneOf(
      ["reloaded", "unchanged", "failed"],
      "`failed` keeps the config that was live before.",
    ),
    config: t.Optional(nullable(t.String(), "Version of the config that is live now.")),
    problems: t.Optional(
      t.Array(open({ message: t.Optional(t.String()) }), {
        description: "Every mistake in the file, with its place.",
      }),
    ),
  },
  { $id: "Reload", description: "What a reload did." },
)
export type Reload = Static<typeof Reload>
