import { describe, expect, test } from "bun:test"
import { closing } from "../support/cleanup.ts"
import { type ConfigFile, overUpstreams, startRouter } from "../support/router.ts"
import { startUpstream } from "../support/upstream/index.ts"

const use = closing()
const demo = { type: "demo", firstToken: "0", tokensPerSecond: "0" }
const ASK = { model: "g", messages: [{ role: "user", content: "hi" }] }

const router = (config: ConfigFile = {}) =>
  use(startRouter({ providers: { demo }, groups: { g: ["demo/demo"] }, ...config }))

const error = async (response: Response) =>
  ((await response.json()) as { error: Record<string, string> }).error

describe("caller keys", () => {
  const keys = [
    "sk-router-first-0001",
    { key: "sk-router-second-02", name: "alice", groups: ["g"] },
  ]
  const config = { auth: { keys }, groups: { g: ["demo/demo"], h: ["demo/demo"] } }

  test.each([
    ["authorization", "Bearer sk-router-first-0001"],
    ["authorization", "bearer  sk-router-first-0001 "],
    ["x-api-key", "sk-router-first-0001"],
    ["x-goog-api-key", "sk-router-first-0001"],
  ])("are taken from %s: %s", async (name, value) => {
    const { post } = await router(config)
    expect((await post("/v1/chat/completions", ASK, { [name]: value })).status).toBe(200)
  })

  test.each([
    [{}, "missing_api_key"],
    [{ authorization: "Bearer sk-router-first-0002" }, "invalid_api_key"],
    [{ authorization: "Bearer sk-router-first-000" }, "invalid_api_key"],
    [{ authorization: "Basic c2s6" }, "missing_api_key"],
    [{ "x-api-key": "" }, "missing_api_key"],
  ])("are refused on every route: %j", async (headers, code) => {
    const { post, url, rows } = await router(config)
    for (const path of ["/v1/chat/completions", "/v1/embeddings", "/openai/v1/rerank"]) {
      const response = await post(path, ASK, headers as Record<string, string>)
      expect(response.status).toBe(401)
      expect((await error(response))["code"]).toBe(code)
    }
    const models = await fetch(`${url}/v1/models`, { headers: headers as Record<string, string> })
    expect(models.status).toBe(401)
    expect((await rows()).every((row) => row["status"] === 401)).toBe(true)
  })

  test("see and use only the groups that they may", async () => {
    const { post, url, rows } = await router(config)
    const alice = { authorization: "Bearer sk-router-second-02" }
    const models = (await (await fetch(`${url}/v1/models`, { headers: alice })).json()) as {
      data: { id: string }[]
    }
    expect(models.data.map(({ id }) => id)).toEqual(["g"])
    expect((await post("/v1/chat/completions", ASK, alice)).status).toBe(200)
    for (const model of ["h", "h$0", "demo/demo"]) {
      const response = await post("/v1/chat/completions", { ...ASK, model }, alice)
      expect(response.status).toBe(403)
      expect((await error(response))["code"]).toBe("model_not_allowed")
    }
    expect((await rows())[0]).toMatchObject({ key: "alice" })
  })
})

test("a model that does not exist is answered with the names that the key may use only", async () => {
  const { post } = await router({
    groups: { open: ["demo/demo"], secret: ["demo/demo"] },
    auth: {
      keys: [
        "sk-router-first-0001",
        { key: "sk-router-second-02", name: "alice", groups: ["open"] },
        { key: "sk-router-third-003", name: "bob", groups: [] },
      ],
    },
  })
  const message = async (key: string, model: string) => {
    const ask = { ...ASK, model }
    const answer = await post("/v1/chat/completions", ask, { authorization: `Bearer ${key}` })
    return { status: answer.status, text: (await error(answer))["message"] }
  }
  expect((await message("sk-router-first-0001", "secrte")).text).toContain("`secret`")
  for (const model of ["secrte", "zzz", "oepn"]) {
    const { status, text } = await message("sk-router-second-02", model)
    expect(status).toBe(404)
    expect(text).toContain("`open`")
    expect(text).not.toContain("`secret`")
    expect((await message("sk-router-third-003", model)).text).not.toMatch(/`(open|secret)`/)
  }
  expect((await message("sk-router-second-02", "secret$99")).status).toBe(403)
})

describe("the admin API", () => {
  test("needs the admin key, which no caller key is", async () => {
    const { url } = await router({
      auth: { keys: ["sk-router-first-0001"], adminKey: "admin-key-00000001" },
    })
    const reload = (key?: string) =>
      fetch(`${url}/admin/reload`, {
        method: "POST",
        headers: key ? { authorization: `Bearer ${key}` } : {},
      })
    expect((await reload()).status).toBe(401)
    expect((await reload("sk-router-first-0001")).status).toBe(401)
    expect((await reload("admin-key-00000001")).status).toBe(200)
  })

  test("without an admin key serves this machine's programs, and no web page", async () => {
    const { url } = await router()
    const reload = (headers: Record<string, string>) =>
      fetch(`${url}/admin/reload`, { method: "POST", headers })
    expect((await reload({})).status).toBe(200)
    expect((await reload({ origin: "http://evil.example" })).status).toBe(403)
    expect((await reload({ host: "evil.example" })).status).toBe(403)
  })
})

describe("models", () => {
  test("are the groups in config order, then provider/model where that is on", async () => {
    const config = { groups: { g: ["demo/demo"], a: ["demo/demo"] } }
    const list = async ({ url }: { url: string }) =>
      ((await (await fetch(`${url}/v1/models`)).json()) as { data: { id: string }[] }).data.map(
        ({ id }) => id,
      )
    expect(await list(await router(config))).toEqual(["g", "a"])
    expect(await list(await router({ ...config, exposeModels: true }))).toEqual([
      "g",
      "a",
      "demo/demo",
    ])
  })

  test("are found one by one, also with a slash in the name", async () => {
    const { url } = await router({ exposeModels: true })
    for (const id of ["g", "demo/demo", "demo%2Fdemo"]) {
      const response = await fetch(`${url}/v1/models/${id}`)
      expect(response.status).toBe(200)
      expect(await response.json()).toMatchObject({ id: decodeURIComponent(id), object: "model" })
    }
    for (const id of ["nope", "100%25", "%", "openai/gpt"]) {
      expect((await fetch(`${url}/v1/models/${id}`)).status).toBe(404)
    }
  })
})

describe("what goes upstream", () => {
  test("is the caller's JSON with another model, and nothing of its headers", async () => {
    const up = await use(startUpstream({ script: "ok" }))
    const { post } = await router({
      providers: {
        u: {
          type: "openai-compatible",
          baseUrl: up.url,
          keys: ["key-upstream-1"],
          headers: { "x-team": "red" },
          extraBody: { store: false },
          passHeaders: ["x-trace"],
        },
      },
      groups: { g: ["u/org/model:v1@2"] },
    })
    const body = '{"z":1.0e2,"model":"g","messages":[],"unknown":{"b":[null,{"a":1}]}}'
    const response = await post("/v1/chat/completions", body, {
      authorization: "Bearer callers-own",
      cookie: "a=b",
      "x-trace": "t1",
      "x-other": "o1",
      "x-forwarded-for": "1.2.3.4",
    })
    const answer = (await response.json()) as { extra: unknown }
    const [request] = up.requests
    expect(Buffer.from(request!.body).toString()).toBe(
      `{"store":false,${body.slice(1).replace('"g"', '"org/model:v1@2"')}`,
    )
    expect(answer.extra).toEqual({ z: 100, unknown: { b: [null, { a: 1 }] } })
    expect(request!.key).toBe("key-upstream-1")
    expect(request!.headers).toMatchObject({ "x-team": "red", "x-trace": "t1" })
    expect(Object.keys(request!.headers).toSorted()).toEqual(
      [
        ...["accept", "authorization", "connection", "content-length", "content-type", "host"],
        ...["user-agent", "x-team", "x-trace", "accept-encoding"],
      ].toSorted(),
    )
  })

  test("comes back without the upstream's headers, and with the router's", async () => {
    const up = await use(
      startUpstream({
        script: () => ({
          headers: { "set-cookie": "a=b", "openai-organization": "org", "x-ratelimit-limit": "1" },
          body: { choices: [{ message: { content: "hi" } }], usage: { total_tokens: 3 } },
        }),
      }),
    )
    const { post, configure, runtime } = await router(overUpstreams([{ url: up.url }]))
    const { headers } = await post("/v1/chat/completions", ASK)
    const names = [...headers.keys()].toSorted()
    expect(names).toEqual([
      "content-length",
      "content-type",
      "date",
      "x-llmrouter-attempts",
      "x-llmrouter-config",
      "x-llmrouter-deployment",
      "x-request-id",
    ])
    configure(overUpstreams([{ url: up.url }], { server: { headers: false } }))
    await runtime.reload()
    const quiet = await post("/v1/chat/completions", ASK)
    expect([...quiet.headers.keys()].some((name) => name.startsWith("x-llmrouter"))).toBe(false)
    expect(quiet.headers.get("x-request-id")).toStartWith("req_")
  })
})

describe("refusals", () => {
  test("of a body above the limit say 413, declared or chunked", async () => {
    const { post, url } = await router({ limits: { body: "1kb" } })
    const large = { ...ASK, pad: "x".repeat(2000) }
    expect((await post("/v1/chat/completions", large)).status).toBe(413)
    const chunked = await fetch(`${url}/v1/chat/completions`, {
      method: "POST",
      body: new Blob([JSON.stringify(large)]).stream(),
    })
    expect(chunked.status).toBe(413)
    expect((await error(chunked))["code"]).toBe("request_too_large")
  })

  test("of unknown models name near ones", async () => {
    const { post } = await router({ groups: { smart: ["demo/demo"] } })
    const response = await post("/v1/chat/completions", { ...ASK, model: "smrat" })
    expect(response.status).toBe(404)
    expect(await error(response)).toMatchObject({ code: "model_not_found", param: "model" })
  })

  test("of unknown URLs and methods are JSON, too", async () => {
    const { url } = await router()
    expect((await fetch(`${url}/v2/chat`, { method: "POST" })).status).toBe(404)
    const get = await fetch(`${url}/v1/chat/completions`)
    expect(get.status).toBe(405)
    expect((await error(get))["message"]).toContain("POST")
  })

  test("of compressed bodies say so", async () => {
    const { post } = await router()
    const response = await post("/v1/chat/completions", ASK, { "content-encoding": "gzip" })
    expect(response.status).toBe(415)
  })
})

describe("model names", () => {
  test("`auto`, none, a pin and provider/model all lead somewhere", async () => {
    const { post, rows } = await router({
      groups: { g: ["demo/demo"], other: ["demo/demo-fast", "demo/demo"] },
      defaultGroup: "other",
    })
    for (const model of ["auto", "", "other$1", "demo/demo"]) {
      expect((await post("/v1/chat/completions", { ...ASK, model })).status).toBe(200)
    }
    expect((await post("/v1/chat/completions", { messages: ASK.messages })).status).toBe(200)
    const seen = (await rows()).map((row) => [row["group"] ?? row["group_name"], row["deployment"]])
    expect(seen).toEqual([
      ["other", "demo/demo-fast"],
      ["other", "demo/demo-fast"],
      ["other", "demo/demo"],
      ["demo/demo", "demo/demo"],
      ["other", "demo/demo-fast"],
    ])
  })

  test("that are unknown go to the default group where the config says so", async () => {
    const { post } = await router({ unknownModel: "default" })
    expect((await post("/v1/chat/completions", { ...ASK, model: "gpt-2" })).status).toBe(200)
  })
})

test("compressed answers carry the same JSON; browsers on allowed origins may read them", async () => {
  const { url } = await router({ server: { cors: { origins: ["https://chat.example.com"] } } })
  const content = "tell me more ".repeat(200)
  const ask = (headers: Record<string, string>) =>
    fetch(`${url}/v1/chat/completions`, {
      method: "POST",
      headers: { ...headers, origin: "https://chat.example.com" },
      body: JSON.stringify({ model: "g", messages: [{ role: "user", content }] }),
      decompress: false,
    } as RequestInit)
  const plain = await ask({ "accept-encoding": "identity" })
  const packed = await ask({ "accept-encoding": "gzip" })
  const text = await plain.text()
  expect(text.length).toBeGreaterThan(1024)
  expect(packed.headers.get("content-encoding")).toBe("gzip")
  expect(Buffer.from(Bun.gunzipSync(await packed.bytes())).toString()).toBe(text)
  expect(packed.headers.get("access-control-allow-origin")).toBe("https://chat.example.com")
})
