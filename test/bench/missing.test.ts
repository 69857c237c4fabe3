import { describe, expect, test } from "bun:test"
import { availableParallelism } from "node:os"
import { join } from "node:path"
import type { Peer } from "../../bench/peers/peer.ts"
import { findPeers } from "../../bench/peers-at-hand.ts"

const bench = async (args: string[], path: string | undefined) => {
  const command = [process.execPath, join(import.meta.dir, "../../bench/main.ts"), ...args]
  const child = Bun.spawn(command, {
    env: { ...process.env, PATH: path },
    stdout: "ignore",
    stderr: "pipe",
  })
  const said = await new Response(child.stderr).text()
  return { status: await child.exited, said }
}

describe("the bench", () => {
  const able = process.platform === "linux" && availableParallelism() > 1
  test.skipIf(!able)("ends at once without a load generator, and names it", async () => {
    const { status, said } = await bench(["--smoke"], "/nowhere")
    expect(status).toBe(1)
    expect(said).toMatch(/the bench needs .*wrk.*apt-get install .*wrk/)
  })

  test("knows its parts by name", async () => {
    const { status, said } = await bench(["--smoke", "--only", "nothing"], process.env["PATH"])
    expect(status).toBe(1)
    expect(said).toContain("there is no nothing, but chat64")
  })
})

describe("a gateway", () => {
  const peer = (name: string, more: Partial<Peer>): Peer => ({
    name,
    language: "Go",
    source: { registry: "go", package: `example.com/${name}`, version: "v1" },
    needs: [],
    installed: () => true,
    install: async () => {},
    start: () => Promise.reject(new Error("not started here")),
    ...more,
  })

  test("is missing when it, or what it needs, is not installed", async () => {
    const { ready, missing } = await findPeers(
      [
        peer("there", {}),
        peer("away", { installed: () => false }),
        peer("needy", { needs: ["no-such-program"] }),
      ],
      false,
    )
    expect(ready.map(({ name }) => name)).toEqual(["there"])
    expect(missing).toEqual([
      { name: "away", reason: "not installed (go example.com/away v1)" },
      { name: "needy", reason: "needs no-such-program" },
    ])
  })

  test("that no package manager brings is named, and not missing", async () => {
    const found = await findPeers([peer("image", { unavailable: "an image only" })], true)
    expect(found).toEqual({
      ready: [],
      missing: [],
      unavailable: [{ name: "image", reason: "an image only" }],
    })
  })
})
