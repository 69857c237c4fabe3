import { describe, expect, test } from "bun:test"
import type { ByteSink, ByteSource } from "../../src/core/byte-source.ts"
import { clientGone, GatewayError } from "../../src/core/error.ts"
import { Life } from "../../src/core/life.ts"
import { Flow } from "../../src/gateway/flow.ts"

const bytes = (text: string) => Buffer.from(text)

/** A flow over blocks that are there already, or that the test puts in once it is piped. */
function open(blocks: (string | Promise<string> | Error)[] = []) {
  const said: string[] = []
  const life = new Life()
  let sink: ByteSink | undefined
  const source: ByteSource = {
    read() {
      const next = blocks.shift()
      if (next instanceof Error) throw next
      return next instanceof Promise
        ? next.then(bytes)
        : next === undefined
          ? undefined
          : bytes(next)
    },
    pipe(own) {
      said.push("pipe")
      sink = own
    },
    pause: () => said.push("pause"),
    resume: () => said.push("resume"),
    cancel: () => said.push("cancel"),
  }
  const flow = new Flow(source, life, {
    wait: () => said.push("waits"),
    pause: () => said.push("waits no more"),
    progress: () => said.push("progress"),
    follow: () => said.push("follows"),
    hurry: (ms) => said.push(`hurry ${ms}`),
    end: () => said.push("ended"),
  })
  const heard: string[] = []
  const listener: ByteSink = {
    data: (block, start, end) => heard.push(Buffer.from(block).toString("utf8", start, end)),
    end: () => heard.push("end"),
    fail: (error) => heard.push(`failed: ${(error as GatewayError).kind}`),
  }
  return { flow, said, heard, listener, life, upstream: () => sink! }
}

describe("reading", () => {
  test("makes no promise of what is there already, and no limit counts", () => {
    const { flow, said } = open(["one", "two"])
    expect(flow.read()).toEqual(bytes("one"))
    expect(flow.read()).toEqual(bytes("two"))
    expect(flow.read()).toBeUndefined()
    expect(flow.read()).toBeUndefined()
    expect(said).toEqual([])
  })

  test("counts the time in which it waits, and only that", async () => {
    const { flow, said } = open([Promise.resolve("one")])
    const read = flow.read()
    expect(said).toEqual(["waits"])
    expect(await read).toEqual(bytes("one"))
    expect(said).toEqual(["waits", "waits no more"])
  })

  test.each([[["whole"]], [[]]])(
    "all of an answer that is there makes no promise: %j",
    (blocks) => {
      expect(open([...blocks]).flow.readAll(10)).toEqual(bytes(blocks.join("")))
    },
  )

  test.each([
    [["one", "two"]],
    [["one", Promise.resolve("two")]],
    [[Promise.resolve("one"), "two"]],
  ])("all of an answer in pieces joins them: %#", async (blocks) => {
    const { flow, said } = open(blocks)
    expect(Buffer.from(await flow.readAll(6)).toString()).toBe("onetwo")
    expect(said).toContain("progress")
  })

  test.each([
    ["in one piece", ["seven b"]],
    ["in two", ["one", "four"]],
    ["in pieces that come late", [Promise.resolve("one"), Promise.resolve("four")]],
  ])("all of an answer that is too large fails: %s", async (_how, blocks) => {
    const { flow } = open(blocks)
    const error = await (async () => flow.readAll(6))().catch((thrown: unknown) => thrown)
    expect(error).toMatchObject({ kind: "upstream-invalid" })
  })

  test("what breaks off is said as the upstream's fault, or why it was ended", async () => {
    const { flow } = open([new Error("reset")])
    expect(() => flow.read()).toThrow(GatewayError)
    const late = open([Promise.reject(new Error("reset"))])
    late.life.abort(clientGone())
    expect(await (late.flow.read() as Promise<unknown>).catch((thrown) => thrown)).toMatchObject({
      kind: "client-gone",
    })
  })
})

describe("piping", () => {
  test("hands on what comes, and waits for the upstream until the client is in the way", () => {
    const { flow, said, heard, listener, upstream } = open()
    flow.pipe(listener)
    upstream().data(bytes("one"))
    flow.pause()
    flow.pause()
    flow.resume()
    flow.resume()
    upstream().data(bytes("not two!"), 4, 7)
    upstream().end()
    expect(heard).toEqual(["one", "two", "end"])
    expect(said).toEqual(["waits", "pipe", "waits no more", "pause", "waits", "resume"])
  })

  test("of what has ended already ends at once", () => {
    const { flow, heard, listener } = open()
    expect(flow.read()).toBeUndefined()
    flow.pipe(listener)
    expect(heard).toEqual(["end"])
  })

  test("says why it broke off", () => {
    const { flow, heard, listener, upstream } = open()
    flow.pipe(listener)
    upstream().fail(new Error("reset"))
    expect(heard).toEqual(["failed: upstream-truncated"])
  })

  test("tells nothing once it was cancelled", () => {
    const { flow, said, heard, listener, upstream } = open()
    flow.pipe(listener)
    flow.cancel()
    upstream().data(bytes("late"))
    upstream().fail(new Error("reset"))
    expect(heard).toEqual([])
    expect(said).toContain("ended")
    expect(said).toContain("cancel")
  })
})

describe("what follows the end of an answer", () => {
  test("is let end by itself, which keeps its connection", () => {
    const { flow, said, heard, listener, upstream } = open()
    flow.pipe(listener)
    flow.settle()
    upstream().data(bytes("tail"))
    upstream().end()
    expect(heard).toEqual([])
    expect(said).toEqual(["waits", "pipe", "hurry 1000", "ended"])
  })

  test("is read also where the answer never was, or the client was in the way", () => {
    const unread = open()
    unread.flow.settle()
    expect(unread.said).toEqual(["hurry 1000", "pipe"])
    const paused = open()
    paused.flow.pipe(paused.listener)
    paused.flow.pause()
    paused.flow.settle()
    expect(paused.said).toContain("resume")
  })

  test("is given up when it is long, or breaks off", () => {
    const long = open()
    long.flow.settle()
    long.upstream().data(Buffer.alloc(64 * 1024))
    expect(long.said).not.toContain("cancel")
    long.upstream().data(Buffer.alloc(1))
    expect(long.said).toContain("cancel")
    const broken = open()
    broken.flow.settle()
    broken.upstream().fail(new Error("reset"))
    expect(broken.said).toContain("ended")
  })

  test("is nothing where the answer has ended", () => {
    const { flow, said } = open()
    expect(flow.read()).toBeUndefined()
    flow.settle()
    expect(said).toEqual(["ended"])
  })
})
