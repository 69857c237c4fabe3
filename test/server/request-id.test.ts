import { expect, test } from "bun:test"
import { requestId } from "../../src/server/request-id.ts"

/** More than a millisecond has room for. */
const ids = Array.from({ length: 50_000 }, () => requestId())

test("request ids are UUIDs of version 7 without dashes, all different", () => {
  expect(new Set(ids).size).toBe(ids.length)
  const shape = /^req_[0-9a-f]{12}7[0-9a-f]{3}[89ab][0-9a-f]{15}$/
  expect(ids.filter((id) => !shape.test(id))).toEqual([])
})

test("request ids sort by the order in which they were made, and begin with the time", () => {
  expect(ids.toSorted()).toEqual(ids)
  const moment = Number.parseInt(requestId().slice(4, 16), 16)
  expect(Math.abs(moment - Date.now())).toBeLessThan(60_000)
})
