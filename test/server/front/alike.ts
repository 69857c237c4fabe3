import { afterAll, beforeAll, describe, expect, test } from "bun:test"
import type { ConfigFile } from "../../support/router.ts"
import { type Bed, startBed } from "./bed.ts"
import { type Parts, request } from "./requests.ts"
import { verdictOf } from "./verdict.ts"

/** A request as its parts, or byte by byte. */
export type Case = Parts | Uint8Array

/** Instead of what becomes of a request, where other tests say that. */
const UNTOLD = "alike"

/**
 * Sends each request to the router and to the server behind its front: nobody can tell one from the other.
 *
 * @param cases by what becomes of them, such as `200 open`, or by `alike`
 */
export function alike(
  family: string,
  cases: Readonly<Record<string, Readonly<Record<string, Case>>>>,
  config: ConfigFile = {},
): void {
  const all = Object.entries(cases).flatMap(([outcome, own]) =>
    Object.entries(own).map(([name, parts]) => [name, outcome, parts] as const),
  )
  describe(family, () => {
    let bed: Bed
    beforeAll(async () => {
      bed = await startBed(config)
    })
    afterAll(() => bed.close())
    test.each(all)("%s: %s", async (_, outcome, parts) => {
      const bytes = parts instanceof Uint8Array ? parts : request(parts)
      const method = parts instanceof Uint8Array ? "POST" : parts.method
      const behind = await verdictOf(bed.inner, bed, bytes, method)
      const front = await verdictOf(bed.url, bed, bytes, method)
      expect(front).toEqual(behind)
      if (outcome !== UNTOLD) expect(front.outcome).toBe(outcome)
    })
  })
}
