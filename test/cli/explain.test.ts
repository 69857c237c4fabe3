import { afterAll, describe, expect, test } from "bun:test"
import { mkdtempSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { startRouter } from "../support/router.ts"

const main = join(import.meta.dir, "../../src/cli/main.ts")
const folder = mkdtempSync(join(tmpdir(), "llmrouter-explain-"))
afterAll(() => rmSync(folder, { recursive: true }))

const model = (name: string, more: object) => ({ provider: "p", model: name, ...more })

const CONFIG = {
  providers: {
    p: { type: "openai-compatible", baseUrl: "http://127.0.0.1:1/v1", keys: ["k-one", "k-two"] },
  },
  groups: {
    fast: {
      models: [
        model("small", { capabilities: { contextWindow: 8000, vision: false }, tags: ["eu"] }),
        model("large", { tags: ["us"] }),
      ],
      fallbacks: ["spare"],
    },
    spare: { strategy: "lowest-cost", models: [model("old", {})] },
    short: {
      models: [model("tiny", { capabilities: { contextWindow: 100 } })],
      fallbacks: ["spare"],
      contextFallbacks: ["fast"],
    },
  },
}
writeFileSync(join(folder, "llmrouter.config.json"), JSON.stringify(CONFIG))

const OWN = `export default {
  providers: { one: { type: "demo" }, two: { type: "demo" } },
  groups: {
    own: {
      strategy: async ({ candidates }) => candidates.toReversed(),
      models: ["one/demo", "two/demo"],
    },
    broken: {
      strategy: () => { throw new Error("no idea") },
      models: ["one/demo", "two/demo"],
    },
  },
}
`
const another = mkdtempSync(join(tmpdir(), "llmrouter-explain-"))
afterAll(() => rmSync(another, { recursive: true }))
writeFileSync(join(another, "llmrouter.config.ts"), OWN)

async function explain(args: string[], cwd = folder) {
  const child = Bun.spawn([process.execPath, main, "explain", ...args], {
    cwd,
    env: { PATH: process.env["PATH"], NO_COLOR: "1" },
    stdout: "pipe",
    stderr: "pipe",
  })
  const [out, err, status] = await Promise.all([
    new Response(child.stdout).text(),
    new Response(child.stderr).text(),
    child.exited,
  ])
  return { out, err, status }
}

interface Candidate {
  channel: string
  place?: number
  skipped?: { filter: string }
}

async function candidates(args: string[]): Promise<Candidate[]> {
  const { out, err } = await explain([...args, "--json"])
  expect(err).toBe("")
  const plan = JSON.parse(out) as { groups: { candidates: Candidate[] }[] }
  return plan.groups.flatMap((group) => group.candidates)
}

const names = (list: Candidate[]) => list.map(({ channel }) => /\/(\w+)#/.exec(channel)![1])

describe("llmrouter explain", () => {
  test("asks a group's own function, as a request would", async () => {
    const { out } = await explain(["own", "--json"], another)
    const { groups } = JSON.parse(out) as { groups: { candidates: Candidate[] }[] }
    expect(groups[0]!.candidates.map(({ channel }) => channel)).toEqual([
      "two/demo#-",
      "one/demo#-",
    ])
  })

  test("says why a group's own function is not followed", async () => {
    const { out, err, status } = await explain(["broken", "--json"], another)
    expect(err).toBe("warning: the strategy of `broken` is not followed: it failed: no idea\n")
    expect(JSON.parse(out).group).toBe("broken")
    expect(status).toBe(0)
  })

  test("prints every channel in the order of attempts, fallbacks behind", async () => {
    const list = await candidates(["fast"])
    expect(names(list)).toEqual(["small", "small", "large", "large", "old", "old"])
    expect(list.map(({ place }) => place)).toEqual([1, 2, 3, 4, 5, 6])
  })

  test("goes where requests go that are too long for a group", async () => {
    const usual = await candidates(["short", "--tokens", "50"])
    expect(names(usual)).toEqual(["tiny", "tiny", "old", "old"])
    const long = await candidates(["short", "--tokens", "5000"])
    expect(names(long)).toEqual([..."small small large large old old tiny tiny".split(" ")])
    expect(long.map(({ place }) => place)).toEqual([1, 2, 3, 4, 5, 6, 7, 8])
  })

  test("says what is against a channel", async () => {
    const seen = await candidates(["fast", "--vision"])
    expect(seen.filter(({ skipped }) => skipped?.filter === "capability")).toHaveLength(2)
    expect(seen.find(({ place }) => place === 1)!.channel).toContain("p/large#")
    const tagged = await candidates(["fast", "--tag", "us"])
    expect(tagged.find(({ place }) => place === 1)!.channel).toContain("p/large#")
    const { out } = await explain(["fast", "--tokens", "100000"])
    expect(out).toMatch(
      /p\/small#\S+\s+ready\s+has a context window of 8000 tokens, less than about 100000/,
    )
  })

  test("asks a running router, which knows what is out of order", async () => {
    const router = await startRouter(CONFIG)
    try {
      const [channel] = router.runtime.snapshot.table.groups.get("fast")!.channels
      Object.assign(channel!.health, {
        reason: "auth",
        pausedUntil: router.runtime.context.clock.now() + 60_000,
      })
      const { out, err, status } = await explain(["fast", "--url", router.url])
      expect([err, status]).toEqual(["", 0])
      expect(out).toMatch(/–\s+p\/small#\S+\s+paused\s+auth, until \d\d:\d\d:\d\d UTC/)
    } finally {
      await router.close()
    }
  })

  test("says what it does not know, with near names", async () => {
    const unknown = await explain(["fsat"])
    expect(unknown.status).toBe(2)
    expect(unknown.err).toContain("Did you mean `fast`?")
    const tokens = await explain(["fast", "--tokens", "many"])
    expect(tokens.status).toBe(2)
    expect(tokens.err).toContain("whole number of tokens")
    const nobody = await explain(["fast", "--url", "http://127.0.0.1:9"])
    expect(nobody.err).toContain("nothing answers")
  })
})
