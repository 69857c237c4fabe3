import { describe, expect, setDefaultTimeout, test } from "bun:test"
import { existsSync, readFileSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import OpenAI from "openai"
import { z } from "zod"
import { zodResponseFormat } from "openai/helpers/zod"
import { closing, until } from "../support/cleanup.ts"
import { emptyFolder, run, serve } from "../support/program.ts"

setDefaultTimeout(60_000)
const use = closing()

const client = (url: string) => new OpenAI({ baseURL: `${url}/v1`, apiKey: "none", maxRetries: 0 })
const ASK = [{ role: "user" as const, content: "Hello!" }]

describe("in an empty folder", () => {
  test("init, check, serve, chat and usage follow each other without any key", async () => {
    const { path } = await use(emptyFolder())
    const init = await run(path, ["init", "--yes"])
    expect(init.status).toBe(0)
    const written = ["llmrouter.config.ts", "llmrouter-env.d.ts", ".env.example", ".gitignore"]
    for (const file of written) expect(existsSync(join(path, file))).toBe(true)
    expect((await run(path, ["check"])).status).toBe(0)

    const router = await use(serve(path))
    const openai = client(router.url)
    const answer = await openai.chat.completions.create({ model: "auto", messages: ASK })
    expect(answer.choices[0]!.message.content).toContain("Hello!")
    const stream = await openai.chat.completions.create({
      model: "auto",
      messages: ASK,
      stream: true,
    })
    let streamed = ""
    for await (const chunk of stream) streamed += chunk.choices[0]?.delta.content ?? ""
    expect(streamed).toBe(answer.choices[0]!.message.content!)

    router.kill("SIGTERM")
    expect(await router.exited).toBe(0)
    const usage = await run(path, ["usage", "--json"])
    expect(usage.status).toBe(0)
    expect(JSON.parse(usage.stdout)).toMatchObject({ total: { requests: 2, errors: 0 } })
    expect((await run(path, ["usage"])).stdout).toContain("demo/demo")
  })

  test("the router serves without any file, from what the environment holds", async () => {
    const { path } = await use(emptyFolder())
    const router = await use(serve(path, [], { GROQ_API_KEY: "gsk_not_a_real_key_000" }))
    const models = await client(router.url).models.list()
    const ids = models.data.map(({ id }) => id)
    expect(ids.some((id) => id.includes("llama"))).toBe(true)
    const answer = await client(router.url).chat.completions.create({
      model: "demo",
      messages: ASK,
    })
    expect(answer.choices[0]!.message.content).toContain("Hello!")
    expect(router.output()).not.toContain("gsk_not_a_real_key_000")
  })

  test("the pasted curl line of the banner works", async () => {
    const { path } = await use(emptyFolder())
    writeFileSync(
      join(path, "llmrouter.config.json"),
      JSON.stringify({
        providers: { demo: { type: "demo" } },
        groups: { g: ["demo/demo"] },
        log: { format: "pretty" },
      }),
    )
    const printed = (await use(serve(path))).output()
    const line = printed.split("\n").find((each) => each.trim().startsWith("curl "))
    expect(line).toBeDefined()
    const curl = Bun.spawn(["sh", "-c", `${line} -s`], { stdout: "pipe", stderr: "ignore" })
    expect(await new Response(curl.stdout).json()).toMatchObject({ object: "chat.completion" })
  })
})

test("every operation works through the official SDK", async () => {
  const { path } = await use(emptyFolder())
  const fast = { type: "demo", firstToken: "0", tokensPerSecond: "0" }
  writeFileSync(
    join(path, "llmrouter.config.json"),
    JSON.stringify({
      providers: { demo: fast },
      groups: { g: ["demo/demo"], e: ["demo/demo-embedding"] },
    }),
  )
  const router = await use(serve(path))
  const openai = client(router.url)
  const embedding = await openai.embeddings.create({ model: "e", input: ["a", "b"], dimensions: 8 })
  expect(embedding.data.map((each) => each.embedding.length)).toEqual([8, 8])
  const moderation = await openai.moderations.create({ model: "g", input: "hi" })
  expect(moderation.results).toHaveLength(1)
  const image = await openai.images.generate({
    model: "g",
    prompt: "a cat",
    size: "256x256" as "auto",
  })
  const png = Buffer.from(image.data![0]!.b64_json!, "base64")
  expect(png.subarray(1, 4).toString()).toBe("PNG")
  const speech = await openai.audio.speech.create({
    model: "g",
    voice: "alloy",
    input: "hi",
    response_format: "wav",
  })
  const wav = Buffer.from(await speech.arrayBuffer())
  expect(wav.subarray(0, 4).toString()).toBe("RIFF")
  const file = new File([wav], "hi.wav", { type: "audio/wav" })
  const heard = await openai.audio.transcriptions.create({ model: "g", file })
  expect(heard.text).toContain("hi.wav")
  expect((await openai.audio.translations.create({ model: "g", file })).text).toBeString()
  const completion = await openai.completions.create({ model: "g", prompt: "Once" })
  expect(completion.choices[0]!.text).not.toBe("")
  const rerank = await fetch(`${router.url}/v1/rerank`, {
    method: "POST",
    body: JSON.stringify({ model: "g", query: "cat", documents: ["dog", "a cat"] }),
  })
  expect(((await rerank.json()) as { results: { index: number }[] }).results[0]!.index).toBe(1)

  const shape = z.object({ name: z.string(), age: z.number().int() })
  const parsed = await openai.chat.completions.parse({
    model: "g",
    messages: [{ role: "user", content: "Someone, please" }],
    response_format: zodResponseFormat(shape, "person"),
  })
  expect(shape.safeParse(parsed.choices[0]!.message.parsed).success).toBe(true)

  let called = 0
  const runner = openai.chat.completions.runTools({
    model: "g",
    messages: [{ role: "user", content: "What is the weather in Paris? Use get_weather." }],
    tools: [
      {
        type: "function",
        function: {
          name: "get_weather",
          description: "The weather of a city",
          parameters: {
            type: "object",
            properties: { city: { type: "string" } },
            required: ["city"],
          },
          parse: JSON.parse,
          function: (args: { city: string }) => {
            called++
            return `sunny in ${args.city}`
          },
        },
      },
    ],
  })
  expect(await runner.finalContent()).toContain("sunny")
  expect(called).toBe(1)

  const vision = await openai.chat.completions.create({
    model: "g",
    messages: [
      {
        role: "user",
        content: [
          { type: "text", text: "What is this?" },
          {
            type: "image_url",
            image_url: { url: `data:image/png;base64,${png.toString("base64")}` },
          },
        ],
      },
    ],
  })
  expect(vision.choices[0]!.message.content).toContain("image")
})

test("/swagger and its assets come from the program itself", async () => {
  const { path } = await use(emptyFolder())
  const router = await use(serve(path))
  const page = await (await fetch(`${router.url}/swagger`)).text()
  expect(page).not.toMatch(/https?:\/\//)
  const assets = [...page.matchAll(/(?:src|href)="([^"#]+)"/g)].map((match) => match[1]!)
  expect(assets.length).toBeGreaterThan(2)
  for (const asset of assets) {
    const response = await fetch(new URL(asset, `${router.url}/swagger`))
    expect(response.status).toBe(200)
    expect((await response.bytes()).length).toBeGreaterThan(10)
  }
  const spec = (await (await fetch(`${router.url}/swagger/json`)).json()) as { paths: object }
  expect(Object.keys(spec.paths)).toContain("/v1/chat/completions")
})

describe("mistakes at the start", () => {
  test("in the config are printed, all of them, with exit status 3", async () => {
    const { path } = await use(emptyFolder())
    writeFileSync(
      join(path, "llmrouter.config.ts"),
      `import { defineConfig } from "llmrouter"
export default defineConfig({
  providers: { demo: { type: "dmeo" } },
  groups: { g: ["demo/demo"], h: { models: ["nope/x"], fallbacks: ["gg"] } },
})
`,
    )
    const { status, stderr } = await run(path, [])
    expect(status).toBe(3)
    expect(stderr.match(/^error\[LR2\d{3}\]/gm)!.length).toBeGreaterThanOrEqual(3)
    expect(stderr).toContain("llmrouter.config.ts:3:")
    expect((await run(path, ["check", "--json"])).status).toBe(3)
  })

  test.each([
    [["--prot", "1"], 2, "--port"],
    [["srve"], 2, "serve"],
    [["--port", "http"], 2, "http"],
    [["--config", "nowhere.ts"], 3, "nowhere.ts"],
  ])("%p ends with status %d", async (args, status, text) => {
    const { path } = await use(emptyFolder())
    const finished = await run(path, args)
    expect(finished.status).toBe(status)
    expect(finished.stderr).toContain(text)
  })

  test("a port in use is named, with another to try", async () => {
    const { path } = await use(emptyFolder())
    const taken = Bun.serve({ port: 0, hostname: "127.0.0.1", fetch: () => new Response() })
    await use({ close: () => taken.stop(true) })
    const { status, stderr } = await run(path, ["--port", String(taken.port)])
    expect(status).toBe(1)
    expect(stderr).toContain(`port ${taken.port}`)
  })

  test("without caller keys only loopback is served, and that is said", async () => {
    const { path } = await use(emptyFolder())
    const router = await use(serve(path, ["--host", "0.0.0.0"]))
    await until(() => router.output().includes("only 127.0.0.1 is served"))
    const listening = readFileSync("/proc/net/tcp", "utf8")
    const port = Number(new URL(router.url).port).toString(16).toUpperCase().padStart(4, "0")
    expect(listening).toContain(`0100007F:${port}`)
    expect(listening).not.toContain(`00000000:${port}`)
  })
})
