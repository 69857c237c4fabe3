import type { Static } from "@sinclair/typebox"
import * as t from "../../../core/typebox.ts"
import { nullable, oneOf, open } from "../shapes.ts"
import { ModelName } from "./generation.ts"

/** Body of an image generation request. */
export const ImagesRequest = open(
  {
    model: t.Optional(ModelName),
    prompt: t.String({ description: "What the picture shows." }),
    n: t.Optional(nullable(t.Integer({ minimum: 1, maximum: 10 }), "How many pictures.")),
    size: t.Optional(nullable(t.String(), "`1024x1024`, `1536x1024`, `1024x1536`, `auto`, ...")),
    quality: t.Optional(
      nullable(oneOf(["low", "medium", "high", "xhigh", "max", "auto", "standard", "hd"])),
    ),
    background: t.Optional(nullable(oneOf(["transparent", "opaque", "auto"]))),
    output_format: t.Optional(nullable(oneOf(["png", "jpeg", "webp", "gif", "svg"]))),
    output_compression: t.Optional(
      nullable(t.Integer({ minimum: 0, maximum: 100 }), "Percent, for `jpeg` and `webp`."),
    ),
    response_format: t.Optional(
      nullable(oneOf(["url", "b64_json"]), "Where older models put the picture."),
    ),
    style: t.Optional(nullable(oneOf(["vivid", "natural"]))),
    moderation: t.Optional(nullable(oneOf(["low", "auto"]))),
    stream: t.Optional(nullable(t.Boolean(), "Whether sketches come as events.")),
    partial_images: t.Optional(nullable(t.Integer({ minimum: 0, maximum: 3 }))),
    user: t.Optional(t.String({ description: "An anonymous id of your user." })),
  },
  { $id: "ImagesRequest", description: "A picture to draw." },
)
export type ImagesRequest = Static<typeof ImagesRequest>

/** Pictures, as URLs or base64. */
export const Images = open(
  {
    created: t.Integer({ description: "Seconds since 1970." }),
    data: t.Array(
      open({
        b64_json: t.Optional(t.String({ description: "The picture in base64." })),
        url: t.Optional(t.String({ description: "Where the upstream keeps it for a while." })),
        revised_prompt: t.Optional(t.String()),
      }),
    ),
    usage: t.Optional(
      open({
        input_tokens: t.Integer(),
        output_tokens: t.Integer(),
        total_tokens: t.Integer(),
      }),
    ),
  },
  { $id: "Images", description: "Pictures, as URLs or base64." },
)
export type Images = Static<typeof Images>
