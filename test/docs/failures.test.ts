import { readFileSync } from "node:fs"
import { describe, expect, test } from "bun:test"
import type { GatewayError } from "../../src/core/error.ts"
import { protocols } from "../../src/protocols/index.ts"
import { kindOfStatus } from "../../src/transport/status-kind.ts"

const manual = readFileSync("docs/failures.md", "utf8")

/** Rows of the table of failures that begin with statuses. */
const rows = manual
  .slice(manual.indexOf("| upstream | next |"))
  .split("\n\n", 1)[0]!
  .split("\n")
  .map((line) => line.split("|").map((cell) => cell.trim()))
  .filter(([, upstream]) => /^\d/.test(upstream ?? ""))
  .map(([, upstream = "", next = "", breaker = "", rests = ""]) => ({
    statuses: statusesIn(upstream),
    consequences: { next: moveIn(next), breaker: breaker === "counts", cooldown: causeIn(rests) },
  }))

/** `408, 499–503` is 408, 499, 500, 501, 502 and 503. */
function statusesIn(text: string): number[] {
  return [...text.matchAll(/(\d{3})(?:–(\d{3}))?/g)].flatMap(([, first, last = first]) =>
    Array.from({ length: Number(last) - Number(first) + 1 }, (_, n) => Number(first) + n),
  )
}

function moveIn(text: string): string {
  return /next (key|deployment)/.exec(text)?.[0].replace(" ", "-") ?? "fail"
}

function causeIn(text: string): string | null {
  const cause = /`cooldown\.(\w+)`/.exec(text)?.[1]
  return cause === "rateLimit" ? "rate-limit" : (cause ?? null)
}

const consequencesOf = ({ rule: { next, breaker, cooldown } }: GatewayError) => ({
  next,
  breaker,
  cooldown,
})

/** One that says of itself that a model took too long. */
const OF_THEIR_OWN = new Set(["bedrock-converse 408"])

describe("the table of failures", () => {
  test("has every status once", () => {
    const listed = rows.flatMap(({ statuses }) => statuses).filter((status) => status !== 200)
    expect(new Set(listed).size).toBe(listed.length)
    const named = Array.from({ length: 300 }, (_, n) => 300 + n).filter(
      (status) => kindOfStatus(status) !== "upstream-rejected",
    )
    expect(named.filter((status) => !listed.includes(status))).toEqual([])
  })

  for (const [id, { upstream }] of protocols) {
    test(`is what ${id} does`, () => {
      for (const { statuses, consequences } of rows) {
        for (const status of statuses) {
          if (status < 300 || OF_THEIR_OWN.has(`${id} ${status}`)) continue
          const error = upstream.decodeError(status, new Headers(), Buffer.from("{}"))
          expect([status, consequencesOf(error)] as unknown[]).toEqual([status, consequences])
        }
      }
    })
  }
})
