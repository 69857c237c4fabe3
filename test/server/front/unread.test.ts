import { afterAll, beforeAll, expect, test } from "bun:test"
import { type Bed, startBed } from "./bed.ts"
import { open } from "./connection.ts"
import { request } from "./requests.ts"

let bed: Bed
beforeAll(async () => {
  bed = await startBed({ limits: { body: "1mb" } })
})
afterAll(() => bed.close())

/** Lengths that are refused, of bodies of which little has come. */
const LENGTHS = [2 ** 20 + 1, 2 ** 31, 2 ** 32 - 1, 2 ** 32, 2 ** 32 + 57, 2 ** 33, 2 ** 53, 1e12]

test.each(LENGTHS)("a length of %d bytes is refused before they come, by both", async (length) => {
  for (const url of [bed.inner, bed.url]) {
    const connection = await open(url)
    await connection.send(request({ framing: [`content-length: ${length}`] }))
    expect((await connection.answer())?.status).toBe(413)
    connection.finish()
    await connection.end
    connection.close()
  }
  expect(bed.upstream.count()).toBe(0)
})

test("a request of which the length says too much is served by nobody", async () => {
  for (const url of [bed.inner, bed.url]) {
    const connection = await open(url)
    await connection.send(request({ framing: ["content-length: 100"] }))
    connection.finish()
    expect(await connection.answer()).toBeUndefined()
    connection.close()
  }
  expect(bed.upstream.count()).toBe(0)
})
