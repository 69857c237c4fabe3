import { webStreamOf } from "../../support/byte-sources.ts"
import { describe, expect, test } from "bun:test"
import { inflateSync } from "node:zlib"
import { ask, askJson, openDemo } from "./call.ts"

const cosine = (a: number[], b: number[]) =>
  a.reduce((sum, each, at) => sum + each * (b[at] ?? 0), 0)

describe("embeddings", () => {
  const embed = async (input: unknown, extra: object = {}) =>
    (await askJson("/embeddings", { model: "demo-embedding", input, ...extra })).json

  test("are unit vectors, the same every time, closer for closer texts", async () => {
    const { data, usage } = await embed(["a red apple", "two red apples", "the tax office"])
    const [one, two, three] = data.map((each: { embedding: number[] }) => each.embedding)
    expect(one).toHaveLength(1536)
    expect(cosine(one, one)).toBeCloseTo(1, 4)
    expect(cosine(one, two)).toBeGreaterThan(cosine(one, three) + 0.2)
    expect(usage.total_tokens).toBe(3 + 4 + 4)
    expect((await embed("a red apple")).data[0].embedding).toEqual(one)
  })

  test("have the length that was asked for, also as base64, also for token ids", async () => {
    const floats = (await embed("x y", { dimensions: 8 })).data[0].embedding
    const base64 = (await embed("x y", { dimensions: 8, encoding_format: "base64" })).data[0]
      .embedding
    expect([...new Float32Array(new Uint8Array(Buffer.from(base64, "base64")).buffer)]).toEqual(
      floats,
    )
    expect((await embed([1, 2, 3], { dimensions: 8 })).usage.total_tokens).toBe(3)
    expect((await embed([[1, 2], [3]], { dimensions: 8 })).data).toHaveLength(2)
  })

  test("of nothing are refused", async () => {
    for (const input of [undefined, "", [], [{}]]) {
      const { status, json } = await askJson("/embeddings", { model: "demo-embedding", input })
      expect([status, json.error.param]).toEqual([400, "input"])
    }
  })
})

describe("images", () => {
  /** Reads a PNG back with nothing of ours: its size and its inflated rows. */
  const readPng = (bytes: Buffer) => {
    expect(bytes.subarray(0, 8).toString("hex")).toBe("89504e470d0a1a0a")
    const parts = new Map<string, Buffer>()
    for (let at = 8; at < bytes.length; ) {
      const length = bytes.readUInt32BE(at)
      const body = bytes.subarray(at + 4, at + 8 + length)
      expect(bytes.readUInt32BE(at + 8 + length)).toBe(Bun.hash.crc32(body))
      parts.set(body.subarray(0, 4).toString("latin1"), body.subarray(4))
      at += 12 + length
    }
    const header = parts.get("IHDR")!
    const [width, height] = [header.readUInt32BE(0), header.readUInt32BE(4)]
    expect(inflateSync(parts.get("IDAT")!).length).toBe((width + 1) * height)
    expect([...parts.keys()].at(-1)).toBe("IEND")
    return { width, height }
  }
  const draw = async (extra: object) =>
    (await askJson("/images/generations", { model: "demo", prompt: "a cat", ...extra })).json

  test("are real PNGs of the size and number that were asked for", async () => {
    const { data } = await draw({ n: 2, size: "320x200" })
    const files = data.map((each: { b64_json: string }) => Buffer.from(each.b64_json, "base64"))
    expect(files.map(readPng)).toEqual([
      { width: 320, height: 200 },
      { width: 320, height: 200 },
    ])
    expect(files[0].equals(files[1])).toBe(false)
    const [{ url }] = (await draw({ response_format: "url" })).data
    expect(url).toStartWith("data:image/png;base64,")
    expect(readPng(Buffer.from(url.split(",")[1], "base64"))).toEqual({ width: 256, height: 256 })
  })

  test("belong to the prompt", async () => {
    expect(await draw({})).toEqual(await draw({}))
    expect((await draw({ prompt: "a dog" })).data).not.toEqual((await draw({})).data)
  })

  test("without a prompt or of a wild size are refused", async () => {
    expect((await draw({ prompt: undefined })).error.param).toBe("prompt")
    expect((await draw({ size: "99999x1" })).error.param).toBe("size")
    expect((await draw({ n: 11 })).error.param).toBe("n")
  })
})

describe("sound", () => {
  const speak = (extra: object = {}) =>
    ask("/audio/speech", { model: "demo", input: "one two three", voice: "alloy", ...extra })

  test("is a WAV file with a tone a word, or its bare samples", async () => {
    const { headers, bytes } = await speak()
    expect(headers.get("content-type")).toBe("audio/wav")
    const wav = Buffer.from(bytes)
    expect(wav.toString("latin1", 0, 4) + wav.toString("latin1", 8, 16)).toBe("RIFFWAVEfmt ")
    expect(wav.readUInt32LE(4)).toBe(wav.length - 8)
    expect(wav.readUInt32LE(40)).toBe(wav.length - 44)
    expect(wav.readUInt32LE(24)).toBe(24_000)
    expect((wav.length - 44) / 2 / 24_000).toBeCloseTo(3 * 0.12)
    expect(new Set(wav.subarray(44)).size).toBeGreaterThan(50)
    const pcm = await speak({ response_format: "pcm" })
    expect(pcm.headers.get("content-type")).toBe("audio/pcm")
    expect(Buffer.from(pcm.bytes).equals(wav.subarray(44))).toBe(true)
    expect((await speak({ speed: 2 })).bytes.length).toBeLessThan(bytes.length)
    expect((await speak({ speed: 9 })).status).toBe(400)
  })

  const send = openDemo()
  async function listen(
    format: string | undefined,
    path = "/audio/transcriptions",
    withFile = true,
  ) {
    const form = new FormData()
    form.set("model", "demo")
    const { bytes } = await speak()
    const file = new File([bytes as Uint8Array<ArrayBuffer>], "hi.wav", { type: "audio/wav" })
    if (withFile) form.set("file", file)
    if (format) form.set("response_format", format)
    const encoded = new Response(form)
    const answer = await send({
      url: `demo://local/v1${path}`,
      method: "POST",
      headers: { "content-type": encoded.headers.get("content-type") ?? "" },
      body: await encoded.bytes(),
      signal: new AbortController().signal,
      connectTimeout: 0,
    })
    return { ...answer, text: await new Response(webStreamOf(answer.body)).text() }
  }

  test("that is sent for transcription is described in every format", async () => {
    // Bun reads a part's type from its file name, as audio/x-wav.
    const said = /received "hi.wav": 17324 bytes of audio\/(x-)?wav, 0.4 seconds\.\n?$/
    expect(JSON.parse((await listen(undefined)).text).text).toMatch(said)
    expect((await listen("text")).text).toMatch(said)
    expect((await listen("srt")).text).toStartWith("1\n00:00:00,000 --> 00:00:00,360\n")
    expect((await listen("vtt")).text).toStartWith("WEBVTT\n\n00:00:00.000 --> 00:00:00.360\n")
    expect(JSON.parse((await listen("verbose_json", "/audio/translations")).text)).toMatchObject({
      task: "translate",
      duration: 0.36,
      segments: [{ start: 0, end: 0.36 }],
    })
    expect((await listen("text")).headers.get("content-type")).toBe("text/plain; charset=utf-8")
  })

  test("that is missing, or no form at all, is refused", async () => {
    expect(JSON.parse((await listen("json", undefined, false)).text).error.param).toBe("file")
    expect((await askJson("/audio/transcriptions", {})).status).toBe(400)
    expect((await listen("mp3")).status).toBe(400)
  })
})

describe("the rest", () => {
  test("moderation flags by a list of words", async () => {
    const body = { model: "demo", input: ["I will kill you", "have a nice day"] }
    const { results } = (await askJson("/moderations", body)).json
    expect(results.map((each: { flagged: boolean }) => each.flagged)).toEqual([true, false])
    expect(results[0].categories.violence).toBe(true)
    expect((await askJson("/moderations", { model: "demo" })).json.error.param).toBe("input")
  })

  test("rerank puts the document with the most shared words first", async () => {
    const documents = ["cats are nice", { text: "Berlin is the capital of Germany" }, "Germany"]
    const query = "What is the capital of Germany?"
    const body = { model: "demo", query, documents, top_n: 2, return_documents: true }
    const { results } = (await askJson("/rerank", body)).json
    expect(results.map((each: { index: number }) => each.index)).toEqual([1, 2])
    expect(results[0].relevance_score).toBeGreaterThan(results[1].relevance_score)
    expect(results[0].document.text).toContain("Berlin")
    expect((await askJson("/rerank", { ...body, documents: [] })).status).toBe(400)
  })

  test("models are listed and found by name", async () => {
    const { json } = await askJson("/models")
    const ids = json.data.map((each: { id: string }) => each.id)
    expect(ids).toEqual(["demo", "demo-fast", "demo-embedding"])
    expect((await askJson("/models/demo-fast")).json).toMatchObject({
      id: "demo-fast",
      object: "model",
    })
    expect((await askJson("/models/gpt-x")).status).toBe(404)
  })

  test("a body that is not JSON is refused", async () => {
    const request = {
      url: "demo://local/v1/chat/completions",
      method: "POST" as const,
      headers: {},
      body: new TextEncoder().encode('{"model":'),
      signal: new AbortController().signal,
      connectTimeout: 0,
    }
    expect((await openDemo()(request)).status).toBe(400)
  })
})
