import { expect, test } from "bun:test"
import { requestId } from "../../src/server/request-id.ts"

test("request ids are all different, of one shape, and sort by the time at which they were made", async () => {
  const ids = Array.from({ length: 50_000 }, requestId)
  expect(new Set(ids).size).toBe(ids.length)
  expect(ids.every((id) => /^req_[0-9a-f]{32}$/.test(id))).toBe(true)
  const moment = (id: string) => Number.parseInt(id.slice(4, 16), 16)
  expect(ids.map(moment)).toEqual(ids.map(moment).toSorted((a, b) => a - b))
  expect(Math.abs(moment(requestId()) - Date.now())).toBeLessThan(60_000)
})
