import { afterAll, describe, expect, test } from "bun:test"
import { mkdtemp, rm } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { peers } from "../../bench/peers/index.ts"
import { fromNpm } from "../../bench/peers/install.ts"
import { lastWords } from "../../bench/peers/last-words.ts"
import { chatRoute, launch } from "../../bench/peers/launch.ts"

const folder = await mkdtemp(join(tmpdir(), "llmrouter-peers-"))
afterAll(() => rm(folder, { recursive: true, force: true }))

describe("the peers of the bench", () => {
  test("each has a name of its own and one version", () => {
    expect(new Set(peers.map(({ name }) => name)).size).toBe(peers.length)
    for (const { source } of peers)
      expect(source.version).toMatch(/^v?\d+\.\d+\.\d+$|^[0-9a-f]{7}$/)
  })

  test("one that cannot be had is never tried, and says why", async () => {
    const lacking = peers.filter(({ unavailable }) => unavailable)
    expect(lacking.length).toBeGreaterThan(0)
    for (const peer of lacking) {
      const cache = join(folder, peer.name)
      expect(await peer.installed(cache)).toBe(false)
      await expect(peer.install(cache)).rejects.toThrow(peer.unavailable)
    }
  })

  test("one is installed only when its folder says that this version is whole", async () => {
    const cache = join(folder, "some-gateway")
    const { installed } = fromNpm("some-gateway", "1.2.0")
    await Bun.write(join(cache, "package.json"), "{}")
    expect(await installed(cache)).toBe(false)
    await Bun.write(join(cache, "installed.txt"), "some-gateway 1.1.0")
    expect(await installed(cache)).toBe(false)
    await Bun.write(join(cache, "installed.txt"), "some-gateway 1.2.0")
    expect(await installed(cache)).toBe(true)
  })

  test("what an installer complains of is told by its end, without addresses", () => {
    const said =
      "resolving\n\ngo: a/b@v1.0.0: reading https://a.example/a/b/@v/v1.0.0.info: 403 Forbidden\n\tserver response: no\n"
    expect(lastWords(said)).toBe(
      "go: a/b@v1.0.0: reading the registry: 403 Forbidden; server response: no",
    )
  })

  test("one that ends before it answers is told with what it said", async () => {
    const started = launch(
      { cores: "0", upstreamPort: 1, folder: join(folder, "ends") },
      {
        name: "some-gateway",
        port: 1,
        command: ["sh", "-c", "echo no such model >&2; exit 3"],
        chat: chatRoute("some-model"),
      },
    )
    await expect(started).rejects.toThrow("it ended with status 3: no such model")
  })
})
