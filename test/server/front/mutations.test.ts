import { afterAll, beforeAll, expect, test } from "bun:test"
import { seeded } from "../../routing/seeded.ts"
import { type Bed, startBed } from "./bed.ts"
import { request } from "./requests.ts"
import { verdictOf } from "./verdict.ts"

const SEED = 20_261_122
const MANY = 600

let bed: Bed
beforeAll(async () => {
  bed = await startBed()
})
afterAll(() => bed.close())

/** What a parser may trip over. */
const PIECES = [
  ...[
    "\r",
    "\n",
    "\r\n",
    "\n\r",
    " ",
    "\t",
    "\0",
    "\x0b",
    "\x7f",
    "\xe9",
    ":",
    ";",
    ",",
    "/",
    "//",
  ],
  ...["%", "%2e", "?", "#", "..", "HTTP/1.1", "HTTP/1.0", "GET ", "POST ", "host: a", "x: y"],
  ...["connection: close", "expect: 100-continue", "content-encoding: gzip", "A", "z", "(", '"'],
]

test(`${MANY} requests with something wrong in their heads are taken or refused alike`, async () => {
  const random = seeded(SEED)
  const below = (limit: number) => Math.floor(random() * limit)
  const good = request({
    lines: ["accept: */*", "user-agent: a", "content-type: application/json", "x-odd: 1"],
  }).toString("latin1")
  // The length stays as it is, and the last line: without them a request would have no end, or another one.
  const end = good.indexOf("\r\ncontent-length")
  const outcomes = new Map<string, number>()
  for (let n = 0; n < MANY; n++) {
    let head = good.slice(0, end)
    for (let times = 1 + below(3); times > 0; times--) {
      const at = below(head.length)
      head = head.slice(0, at) + PIECES[below(PIECES.length)] + head.slice(at + below(3))
    }
    if (/\r\n\r\n|\r\n$|\n\r?\n/.test(head)) continue
    const bytes = Buffer.from(head + good.slice(end), "latin1")
    const behind = await verdictOf(bed.inner, bed, bytes)
    const front = await verdictOf(bed.url, bed, bytes)
    expect({ head, ...front }).toEqual({ head, ...behind })
    outcomes.set(front.outcome, (outcomes.get(front.outcome) ?? 0) + 1)
  }
  // Some of everything, or they say little.
  for (const outcome of ["200 open", "400 closed", "404 open"]) {
    expect([outcome, outcomes.get(outcome)! > 10]).toEqual([outcome, true])
  }
})
