import type { Static } from "@sinclair/typebox"
import * as t from "../../../core/typebox.ts"
import { open } from "../shapes.ts"

/** A name that callers can use as `model`. */
export const Model = open(
  {
    id: t.String({ description: "A group, or `provider/model` where the config exposes them." }),
    object: t.Literal("model"),
    created: t.Integer({ description: "Seconds since 1970." }),
    owned_by: t.String(),
  },
  { $id: "Model", description: "A name that you can use as `model`." },
)
export type Model = Static<typeof Model>

/** Every name that the caller's key may use. */
export const ModelList = open(
  { object: t.Literal("list"), data: t.Array(Model) },
  { $id: "ModelList", description: "Every name that your key may use as `model`." },
)
export type ModelList = Static<typeof ModelList>
