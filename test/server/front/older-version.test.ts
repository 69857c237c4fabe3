import { afterAll, beforeAll, expect, test } from "bun:test"
import { type Bed, startBed } from "./bed.ts"
import { open } from "./connection.ts"
import { question, request } from "./requests.ts"

let bed: Bed
beforeAll(async () => {
  bed = await startBed()
})
afterAll(() => bed.close())

test("a stream to a client of version 1.0 has no chunks, and the connection's end is its own", async () => {
  const connection = await open(bed.url)
  const body = question("live", { stream: true })
  await connection.send(request({ version: "HTTP/1.0", body }))
  const { status, headers, body: answer } = (await connection.answer())!
  expect(status).toBe(200)
  const framing = ["connection", "content-length", "transfer-encoding"]
  expect(headers.filter(([name]) => framing.includes(name))).toEqual([["connection", "close"]])
  expect(answer.toString()).toMatch(/^data: \{[\s\S]*\n\ndata: \[DONE\]\n\n$/)
  await connection.end
  connection.close()
})

test("a whole answer to a client of version 1.0 has its length", async () => {
  const connection = await open(bed.url)
  await connection.send(request({ version: "HTTP/1.0" }))
  const { headers, body } = (await connection.answer())!
  expect(new Map(headers).get("content-length")).toBe(String(body.length))
  await connection.end
  connection.close()
})
