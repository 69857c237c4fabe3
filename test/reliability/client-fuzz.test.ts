import { afterAll, beforeAll, expect, setDefaultTimeout, test } from "bun:test"
import { seeded } from "../routing/seeded.ts"
import { ASK, chat, type Does, pairs, type Rig, startRig } from "./rig.ts"

setDefaultTimeout(60_000)

/** Requests to each route and method. */
const MANY = 40
const SEED = 20_261_121

/** A good answer that does not depend on the request: the upstream is not what is tried. */
const steady: Does = ({ address }, say) =>
  address.operation === "chat" ? say("ok").then((body) => ({ body })) : "ok"

let rig: Rig
beforeAll(async () => {
  rig = await startRig({ C09: [steady] }, { config: { breaker: { failures: 0, rate: 0 } } })
})
afterAll(() => rig.close())

interface Document {
  paths: Record<string, Record<string, { requestBody?: { content: Record<string, Media> } }>>
}
interface Media {
  examples?: Record<string, { value: unknown }>
}

const JUNK: readonly unknown[] = [
  ...[null, true, 0, -1, 1.5, 1e308, 9_007_199_254_740_993n.toString(), "", "\0", "\ud800", "🤷"],
  ...[[], {}, [[]], [null], { type: "text" }, { type: 7 }, { role: "user" }, { $ref: "#" }],
  ...["../../etc/passwd", "{{7*7}}", "' OR 1=1--", "a".repeat(10_000), "data:,x", "http://[::1]/"],
  ...[
    { __proto__: null, constructor: {} },
    [1, [2, [3, [4]]]],
    { type: "function", function: null },
  ],
]

test("C09 no route breaks, whatever it is sent, nor does it say how it is made", async () => {
  const random = seeded(SEED)
  const one = <T>(of: readonly T[]): T => of[Math.floor(random() * of.length)]!
  const groups = pairs.map((pair) => rig.group("C09", pair))

  /** A copy with something in it left out, repeated, or replaced by junk. */
  function mutated(value: unknown): unknown {
    if (random() < 0.15) return structuredClone(one(JUNK))
    if (Array.isArray(value)) {
      const at = Math.floor(random() * value.length)
      if (value.length > 0 && random() < 0.2) return [...value, value[at]]
      return value.map((item, n) => (n === at ? mutated(item) : item))
    }
    if (typeof value !== "object" || value === null) {
      return random() < 0.7 ? structuredClone(one(JUNK)) : value
    }
    const entries = Object.entries(value)
    const at = Math.floor(random() * entries.length)
    if (random() < 0.15) return Object.fromEntries(entries.filter((_, n) => n !== at))
    if (random() < 0.1) return { ...value, [`x${at}`]: structuredClone(one(JUNK)) }
    return Object.fromEntries(entries.map(([k, v], n) => [k, n === at ? mutated(v) : v]))
  }

  const document = (await (await fetch(`${rig.program.url}/swagger/json`)).json()) as Document
  const faults: unknown[] = []
  let asked = 0
  async function send(method: string, path: string, media: Media | undefined, type: string) {
    const target = path.replace(/\{\w+\}/g, () =>
      random() < 0.7 ? one(groups) : encodeURIComponent(JSON.stringify(one(JUNK))),
    )
    const [seed] = Object.values(media?.examples ?? {}).slice(Math.floor(random() * 2))
    const value = mutated(mutated(seed?.value ?? {}))
    const named =
      typeof value === "object" && value !== null && random() < 0.85
        ? { ...value, model: one(groups) }
        : value
    const text = JSON.stringify(named) ?? ""
    const body = random() < 0.05 ? text.slice(0, text.length >> 1) : text
    const response = await fetch(rig.program.url + target, {
      method,
      headers: { "content-type": type },
      ...(method === "POST" && { body }),
    })
    const said = await response.text()
    asked++
    // What the upstream makes of nonsense is told as its own fault, and what it has not got as that.
    const theirs = /upstream|does not offer/i.test(said)
    const leaks = /\n\s+at |node_modules|\/src\/|Bun v/.test(said)
    if ((response.status >= 500 && !theirs) || leaks) {
      faults.push([method, target, body.slice(0, 300), response.status, said.slice(0, 300)])
    }
  }
  const routes = Object.entries(document.paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, { requestBody }]) => {
      const [type, media] = Object.entries(requestBody?.content ?? {})[0] ?? ["text/plain"]
      return [method.toUpperCase(), path, media, type] as const
    }),
  )
  expect(routes.length).toBeGreaterThan(30)
  for (let n = 0; n < MANY; n++) await Promise.all(routes.map((route) => send(...route)))
  expect(faults.slice(0, 10)).toEqual([])
  expect(asked).toBe(MANY * routes.length)
  expect(rig.program.status()).toBeNull()
  expect((await rig.ask("C09", chat, { talk: ASK })).status).toBe(200)
})
