import type { Static } from "@sinclair/typebox"
import * as t from "../../../core/typebox.ts"
import { oneOf, open } from "../shapes.ts"

const LastReload = open(
  {
    ok: t.Boolean(),
    time: t.String({ description: "ISO 8601, UTC." }),
    mistakes: t.Optional(
      t.Array(
        open({
          code: t.String(),
          message: t.String(),
          at: t.Optional(t.String({ description: "`file:line:column`." })),
        }),
        { description: "Why a newer config is not live." },
      ),
    ),
  },
  { description: "The last reload, once there was one." },
)

/** How the router is, with its deployments by state. */
export const Health = open(
  {
    status: oneOf(
      ["ok", "degraded", "draining"],
      "`degraded`: some deployment is out, or the last reload failed. `draining`: shutting down.",
    ),
    version: t.String({ description: "Of the router." }),
    config: open({
      version: t.String({ description: "Of the config that is live; changes when it does." }),
      reload: t.Optional(LastReload),
    }),
    deployments: open(
      {
        ready: t.Integer({ description: "Usable now." }),
        paused: t.Integer({ description: "Every channel rests after an error." }),
        open: t.Integer({ description: "The breaker is open." }),
        keyless: t.Integer({ description: "Without a provider key, so never used." }),
      },
      { description: "How many are in which state." },
    ),
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
    config: t.String({ description: "Version of the config that is live now." }),
    problems: t.Optional(
      t.Array(
        open({
          code: t.String({ description: "Such as `LR2041`." }),
          severity: oneOf(["error", "warning"]),
          message: t.String(),
          file: t.Optional(t.String()),
          line: t.Optional(t.Integer({ description: "From 1, as the column." })),
          column: t.Optional(t.Integer()),
          why: t.Optional(t.String()),
          hint: t.Optional(t.String({ description: "How to fix it." })),
        }),
        { description: "Every mistake in the file, with its place." },
      ),
    ),
  },
  { $id: "Reload", description: "What a reload did." },
)
export type Reload = Static<typeof Reload>
