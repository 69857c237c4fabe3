import { alike, type Case } from "./alike.ts"
import { CHAT_PATH, chunks, question } from "./requests.ts"

const LIMIT = 4096
const sized = (bytes: number) => {
  const empty = question("g", { user: "" }).length
  return question("g", { user: "a".repeat(bytes - empty) })
}
const body = (text: string): Case => ({ body: text })
const chunked = (text: string): Case => ({
  body: chunks(text, 1000),
  framing: ["transfer-encoding: chunked"],
})

alike(
  "bodies around the limit",
  {
    "200 open": {
      "below it": body(sized(LIMIT - 1)),
      "just as large": body(sized(LIMIT)),
      "in chunks, just as large": chunked(sized(LIMIT)),
    },
    "413 open": {
      "above it": body(sized(LIMIT + 1)),
      "far above it": body(sized(LIMIT * 8)),
      "in chunks, above it": chunked(sized(LIMIT + 1)),
      "in chunks, far above it": chunked(sized(LIMIT * 8)),
    },
  },
  { limits: { body: `${LIMIT}b` } },
)

const lines = (many: number, size = 4) =>
  Array.from({ length: many }, (_, n) => `x-${n}: ${"a".repeat(size)}`)
/** Heads as large as this, in so many lines. */
const heads = (bytes: number, many: number): Case => ({ lines: lines(many, bytes / many) })

alike("heads", {
  "200 open": {
    "of 4 KB in one line": heads(4000, 1),
    "of 4 KB in 50 lines": heads(4000, 50),
    "of 15 KB in one line": heads(15_000, 1),
    "of 15 KB in 50 lines": heads(15_000, 50),
    "of 64 lines": { lines: lines(62) },
    "of 100 lines": { lines: lines(98) },
    "of 150 lines": { lines: lines(148) },
    "of 198 lines": { lines: lines(196) },
    "a target of 8 KB": { target: `${CHAT_PATH}?a=${"a".repeat(8000)}` },
    "a target of 15 KB": { target: `${CHAT_PATH}?a=${"a".repeat(15_000)}` },
    "a name of 15 KB": { lines: [`${"a".repeat(15_000)}: 1`] },
  },
  "431 closed": {
    "of 17 KB in one line": heads(17_000, 1),
    "of 17 KB in 50 lines": heads(17_000, 50),
    "of 70 KB in one line": heads(70_000, 1),
    "of 70 KB in 50 lines": heads(70_000, 50),
    "of 199 lines": { lines: lines(197) },
    "of 200 lines": { lines: lines(198) },
    "of 201 lines": { lines: lines(199) },
    "of 250 lines": { lines: lines(248) },
    "of 2,000 lines": { lines: lines(1998) },
    "a target of 17 KB": { target: `${CHAT_PATH}?a=${"a".repeat(17_000)}` },
    "a target of 70 KB": { target: `${CHAT_PATH}?a=${"a".repeat(70_000)}` },
  },
  "404 open": {
    "a path of 8 KB": { target: `/v1/${"a".repeat(8000)}` },
  },
  closed: {
    "a method of a kilobyte": { method: "A".repeat(1000) },
  },
  "403 open": {
    "a host of a kilobyte": { host: [`host: ${"a".repeat(1000)}`] },
  },
})

alike("bodies", {
  "200 open": {
    "of 64 KB": body(sized(65_536)),
    "of a megabyte": body(sized(1 << 20)),
    "of a megabyte behind a head of 15 KB": {
      body: sized(1 << 20),
      lines: [`x-odd: ${"a".repeat(15_000)}`],
    },
  },
})
