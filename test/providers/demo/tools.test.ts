import { describe, expect, test } from "bun:test"
import { ask, askJson, chat, events } from "./call.ts"

const weather = {
  type: "function",
  function: {
    name: "get_weather",
    description: "Current weather of a city",
    parameters: {
      type: "object",
      properties: {
        city: { type: "string" },
        unit: { type: "string", enum: ["celsius", "fahrenheit"] },
      },
      required: ["city", "unit"],
      additionalProperties: false,
    },
  },
}
const mail = {
  type: "function",
  function: {
    name: "sendMail",
    description: "Deliver a letter to a recipient",
    parameters: { type: "object", properties: { to: { type: "string", format: "email" } } },
  },
}
const tools = [weather, mail]
const namesOf = (json: {
  choices: { message: { tool_calls?: { function: { name: string } }[] } }[]
}) => json.choices[0]?.message.tool_calls?.map((call) => call.function.name) ?? []

describe("tool calls", () => {
  test("come when the message asks for what a tool does, with arguments from the message", async () => {
    const { json } = await chat("What is the weather in Paris, in celsius?", { tools })
    expect(namesOf(json)).toEqual(["get_weather"])
    const [choice] = json.choices
    expect(choice).toMatchObject({ finish_reason: "tool_calls", message: { content: null } })
    expect(JSON.parse(choice.message.tool_calls[0].function.arguments)).toEqual({
      city: "Paris",
      unit: "celsius",
    })
    expect(namesOf((await chat("Deliver this letter", { tools })).json)).toEqual(["sendMail"])
    expect(namesOf((await chat("please run get_weather", { tools })).json)).toEqual(["get_weather"])
    expect(namesOf((await chat("Tell me a joke", { tools })).json)).toEqual([])
  })

  test("come in parallel when several match, unless that is turned off", async () => {
    const both = "Send me a mail with the weather"
    expect(namesOf((await chat(both, { tools })).json)).toEqual(["get_weather", "sendMail"])
    const { json } = await chat(both, { tools, parallel_tool_calls: false })
    expect(namesOf(json)).toEqual(["get_weather"])
    const ids = (await chat(both, { tools })).json.choices[0].message.tool_calls
    expect(new Set(ids.map((call: { id: string }) => call.id)).size).toBe(2)
  })

  test("follow tool_choice", async () => {
    const choose = async (tool_choice: unknown) =>
      namesOf((await chat("Tell me a joke", { tools, tool_choice })).json)
    expect(await choose("none")).toEqual([])
    expect(await choose("auto")).toEqual([])
    expect(await choose("required")).toEqual(["get_weather"])
    expect(await choose({ type: "function", function: { name: "sendMail" } })).toEqual(["sendMail"])
    const allowed = {
      mode: "required",
      tools: [{ type: "function", function: { name: "sendMail" } }],
    }
    expect(await choose({ type: "allowed_tools", allowed_tools: allowed })).toEqual(["sendMail"])
  })

  test("of custom tools carry text", async () => {
    const custom = { type: "custom", custom: { name: "python", description: "Runs code" } }
    const { json } = await chat("python: 1 + 1", { tools: [custom] })
    expect(json.choices[0].message.tool_calls[0]).toMatchObject({
      type: "custom",
      custom: { name: "python", input: "python: 1 + 1" },
    })
  })

  test("stream in fragments that add up to the same call", async () => {
    const messages = [{ role: "user", content: "Send me a mail with the weather in Zürich" }]
    const body = { model: "demo", messages, tools }
    const whole = (await askJson("/chat/completions", body)).json.choices[0].message.tool_calls
    const all = events((await ask("/chat/completions", { ...body, stream: true })).text)
    const deltas = all.flatMap((each) => each.choices[0].delta.tool_calls ?? [])
    for (const [index, call] of whole.entries()) {
      const own = deltas.filter((delta) => delta.index === index)
      expect(own[0]).toMatchObject({
        id: call.id,
        type: "function",
        function: { name: call.function.name, arguments: "" },
      })
      expect(own.slice(1).every((delta) => !("id" in delta))).toBe(true)
      expect(own.length).toBeGreaterThan(3)
      expect(own.map((delta) => delta.function.arguments).join("")).toBe(call.function.arguments)
    }
    expect(all.at(-1).choices[0].finish_reason).toBe("tool_calls")
  })

  test("are followed by words once a tool has answered", async () => {
    const messages = [
      { role: "user", content: "What is the weather in Paris?" },
      {
        role: "assistant",
        content: null,
        tool_calls: [
          { id: "c1", type: "function", function: { name: "get_weather", arguments: "{}" } },
        ],
      },
      { role: "tool", tool_call_id: "c1", content: "18 degrees and sunny" },
    ]
    const body = { model: "demo", messages, tools, tool_choice: "required" }
    const { json } = await askJson("/chat/completions", body)
    expect(json.choices[0].finish_reason).toBe("stop")
    expect(json.choices[0].message.content).toContain("18 degrees and sunny")
  })

  test("that cannot be are refused", async () => {
    const refused = async (extra: object) => {
      const { status, json } = await chat("weather", extra)
      return [status, json.error?.param]
    }
    expect(await refused({ tool_choice: "required" })).toEqual([400, "tool_choice"])
    expect(
      await refused({ tools, tool_choice: { type: "function", function: { name: "x" } } }),
    ).toEqual([400, "tool_choice"])
    expect(await refused({ tools: [{ type: "function", function: {} }] })).toEqual([
      400,
      "tools[0].function.name",
    ])
    const broken = { ...weather.function, parameters: { $ref: "#/nowhere" } }
    expect(await refused({ tools: [{ type: "function", function: broken }] })).toEqual([
      400,
      "tools",
    ])
  })
})
