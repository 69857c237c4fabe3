import { describe, expect, test } from "bun:test"
import { GatewayError } from "../../src/core/error.ts"
import type { Group } from "../../src/core/routing.ts"
import { type Act, scene, type SendOptions } from "./chase.ts"
import { deployment, type DeploymentOptions, group } from "./parts.ts"

const tooLong = (tokens?: { given?: number; limit?: number }) =>
  new GatewayError("upstream-rejected", "too long", {
    reason: "context-length",
    ...(tokens && { tokens }),
  })
const refused = new GatewayError("upstream-rejected", "no", { reason: "content-policy" })

/** Sends one request; upstreams that are not named answer. @returns who was asked, and what came of it */
async function run(
  acts: Record<string, Act["error"]>,
  build: (
    make: (id: string, options?: DeploymentOptions) => ReturnType<typeof deployment>,
  ) => Group[],
  options: SendOptions & { before?: (groups: Group[], it: ReturnType<typeof scene>) => void } = {},
) {
  const it = scene(({ deployment }) => {
    const error = acts[deployment.id]
    return { after: 1, ...(error && { error }) }
  })
  const groups = build((id, more) => deployment(id, { ...more, health: it.health }))
  options.before?.(groups, it)
  const outcome = await it.time.until(
    it.send(groups, options).answer.catch((error: GatewayError) => error),
  )
  return { asked: it.made.map(({ channel }) => channel.split("#")[0]), outcome }
}

describe("a request that is too long", () => {
  test("goes to channels of its group with a larger window first, then to the fallbacks for it", async () => {
    const { asked } = await run(
      { "p/small": tooLong(), "p/large": tooLong(), "p/long": "upstream-error" },
      (make) => [
        group(
          "g",
          [
            make("p/small", { window: 8000 }),
            make("p/same", { window: 8000 }),
            make("p/unknown"),
            make("p/large", { window: 32_000 }),
          ],
          {
            contextFallbacks: ["long"],
            fallbacks: ["spare"],
          },
        ),
        group("long", [make("p/long"), make("p/longer")]),
        group("spare", [make("p/spare")]),
      ],
    )
    expect(asked).toEqual(["p/small", "p/large", "p/long", "p/longer"])
  })

  test("comes back as the upstream's error where there is nothing larger", async () => {
    const error = tooLong()
    const { asked, outcome } = await run({ "p/a": error }, (make) => [
      group("g", [make("p/a", { window: 8000 }), make("p/b", { window: 8000 })], {
        fallbacks: ["spare"],
      }),
      group("spare", [make("p/spare")]),
    ])
    expect(asked).toEqual(["p/a"])
    expect(outcome).toBe(error)
  })

  test.each([
    ["its window", { limit: 16_000 }],
    ["the request's length", { given: 16_000 }],
  ])("believes the upstream about %s", async (_what, tokens) => {
    const { asked } = await run({ "p/a": tooLong(tokens) }, (make) => [
      group("g", [
        make("p/a", { window: 8000 }),
        make("p/b", { window: 12_000 }),
        make("p/c", { window: 32_000 }),
      ]),
    ])
    expect(asked).toEqual(["p/a", "p/c"])
  })

  test("is never asked of the same model again, under another provider", async () => {
    const { asked, outcome } = await run({ "p/m": tooLong() }, (make) => [
      group("g", [make("p/m")], { contextFallbacks: ["long"] }),
      group("long", [make("q/m")]),
    ])
    expect(asked).toEqual(["p/m"])
    expect(outcome).toBeInstanceOf(GatewayError)
  })

  test("goes to the fallbacks for it at once where all of the group is far too small", async () => {
    const { asked } = await run(
      {},
      (make) => [
        group("g", [make("p/a", { window: 8000 }), make("p/b", { window: 16_000 })], {
          contextFallbacks: ["long"],
        }),
        group("long", [make("p/long", { window: 1_000_000 })]),
      ],
      { request: { inputTokens: 100_000, bytes: 400_000 } },
    )
    expect(asked).toEqual(["p/long"])
  })

  test("is tried in its group all the same where those are out of order: its length is a guess", async () => {
    const { asked } = await run(
      {},
      (make) => [
        group("g", [make("p/a", { window: 8000 })], { contextFallbacks: ["long"] }),
        group("long", [make("p/long", { window: 1_000_000 })]),
      ],
      {
        request: { inputTokens: 100_000, bytes: 400_000 },
        before([, long], { health }) {
          health.fail(health.begin(long!.channels[0]!), new GatewayError("upstream-error", ""))
        },
      },
    )
    expect(asked).toEqual(["p/a"])
  })

  test("goes on to the usual fallbacks where those for it fail, and to its group last", async () => {
    const { asked } = await run(
      { "p/long": "upstream-unauthorized", "p/spare": "upstream-unauthorized" },
      (make) => [
        group("g", [make("p/a", { window: 8000 })], {
          contextFallbacks: ["long"],
          fallbacks: ["spare"],
        }),
        group("long", [make("p/long")]),
        group("spare", [make("p/spare")]),
      ],
      { request: { inputTokens: 100_000, bytes: 400_000 } },
    )
    expect(asked).toEqual(["p/long", "p/spare", "p/a"])
  })

  test("tries each channel at most once, over all chains", async () => {
    const { asked } = await run({ "p/a": tooLong(), "p/b": "upstream-unauthorized" }, (make) => {
      const shared = make("p/b")
      return [
        group("g", [shared, make("p/a")], { contextFallbacks: ["long"] }),
        group("long", [shared, make("p/c")]),
      ]
    })
    expect(asked).toEqual(["p/b", "p/a", "p/c"])
  })
})

describe("a request that is refused for what it says", () => {
  test("goes to the fallbacks for it, and to no other channel of its group", async () => {
    const { asked, outcome } = await run({ "p/a": refused }, (make) => [
      group("g", [make("p/a"), make("p/b")], {
        contentPolicyFallbacks: ["free"],
        fallbacks: ["spare"],
      }),
      group("free", [make("p/free")]),
      group("spare", [make("p/spare")]),
    ])
    expect(asked).toEqual(["p/a", "p/free"])
    expect(outcome).toBe("p/free#0")
  })

  test("comes back as it is where the group has none", async () => {
    const { asked, outcome } = await run({ "p/a": refused }, (make) => [
      group("g", [make("p/a"), make("p/b")], { fallbacks: ["spare"] }),
      group("spare", [make("p/spare")]),
    ])
    expect(asked).toEqual(["p/a"])
    expect(outcome).toBe(refused)
  })

  test("by a fallback goes where the first group sends such requests", async () => {
    const { asked } = await run({ "p/a": "upstream-error", "p/spare": refused }, (make) => [
      group("g", [make("p/a")], { fallbacks: ["spare"], contentPolicyFallbacks: ["free"] }),
      group("spare", [make("p/spare")]),
      group("free", [make("p/free")]),
    ])
    expect(asked).toEqual(["p/a", "p/spare", "p/free"])
  })
})

describe("an error with a rule of its provider", () => {
  const ruled = (next: "next-deployment" | "fail") =>
    new GatewayError("upstream-rejected", "no", {
      reason: "content-policy",
      rule: { next },
    })

  test("follows the rule, and takes no detour", async () => {
    const build = (make: (id: string) => ReturnType<typeof deployment>) => [
      group("g", [make("p/a"), make("p/b")], { contentPolicyFallbacks: ["free"] }),
      group("free", [make("p/free")]),
    ]
    const next = await run({ "p/a": ruled("next-deployment") }, build)
    expect(next.asked).toEqual(["p/a", "p/b"])
    const fail = await run({ "p/a": ruled("fail") }, build)
    expect(fail.asked).toEqual(["p/a"])
  })
})

test("an error that leads on anyway goes the usual way where there is no detour", async () => {
  const odd = new GatewayError("unsupported", "too long", { reason: "context-length" })
  const { asked } = await run({ "p/a": odd, "p/b": odd }, (make) => [
    group("g", [make("p/a"), make("p/b")], { fallbacks: ["spare"] }),
    group("spare", [make("p/spare")]),
  ])
  expect(asked).toEqual(["p/a", "p/b", "p/spare"])
})

describe("a pinned channel", () => {
  test("has no fallback of any kind, and no hedge", async () => {
    for (const error of [tooLong(), refused, "upstream-rate-limited"] as const) {
      const it = scene(({ deployment }) =>
        deployment.id === "p/a" ? { after: 500, error } : { after: 1 },
      )
      const make = (id: string) => deployment(id, { health: it.health })
      const a = make("p/a")
      const groups = [
        group("g", [a, make("p/b")], {
          fallbacks: ["spare"],
          contextFallbacks: ["spare"],
          contentPolicyFallbacks: ["spare"],
          hedge: { delay: 10 },
        }),
        group("spare", [make("p/spare")]),
      ]
      const { answer } = it.send(groups, { pinned: a.channels[0]! })
      await it.time.until(answer.catch(() => {}))
      expect(it.made.map(({ channel }) => channel)).toEqual(["p/a#0"])
    }
  })
})
