import { expect, setDefaultTimeout, test } from "bun:test"
import { closing } from "../support/cleanup.ts"
import { startUpstream } from "../support/upstream/index.ts"
import { resultOf } from "../support/upstream/loop.ts"
import { CHAT, over, startWorkers } from "./router.ts"

setDefaultTimeout(60_000)
const use = closing()

interface Message {
  role: string
  content: string | null
  tool_calls?: { id: string; type: string; function: { name: string; arguments: string } }[]
}

const TOOLS = ["get_weather", "get_time"].map((name) => ({
  type: "function",
  function: {
    name,
    parameters: { type: "object", properties: { city: { type: "string" } } },
  },
}))

test("state that a client does not send back is known to the other worker", async () => {
  const upstream = await use(startUpstream({ script: "loop:3;plain" }))
  const router = await use(
    startWorkers({
      providers: {
        up: {
          type: "anthropic",
          baseUrl: `http://127.0.0.1:${upstream.port}`,
          keys: ["sk-test-0000001"],
        },
      },
      groups: { g: ["up/claude-opus-4-8"] },
    }),
  )
  const connections = await router.connections()
  const messages: object[] = [{ role: "user", content: "Go." }]
  for (let round = 0; round < 3; round++) {
    // It is told a moment later, and nothing shows when.
    await Bun.sleep(200)
    const { status, body } = await connections[round % 2]!.post(CHAT, {
      model: "g",
      reasoning_effort: "high",
      tools: TOOLS,
      messages,
    })
    expect({ round, status }).toEqual({ round, status: 200 })
    const answer = JSON.parse(body) as { choices: { message: Message }[] }
    const { role, content, tool_calls = [] } = answer.choices[0]!.message
    const calls = tool_calls.map(({ id, type, function: { name, arguments: args } }) => ({
      id,
      type,
      function: { name, arguments: args },
    }))
    messages.push({ role, content, ...(calls.length > 0 && { tool_calls: calls }) })
    for (const { id, function: called } of calls) {
      const { city } = JSON.parse(called.arguments) as { city: string }
      messages.push({ role: "tool", tool_call_id: id, content: resultOf(city) })
    }
  }
  // A refused state would have been another request.
  expect(upstream.count()).toBe(3)
})

test("an answer of one worker can be gone on from at the other", async () => {
  const upstream = await use(startUpstream({ script: "say: Paris." }))
  const router = await use(startWorkers(over([upstream])))
  const [one, other] = await router.connections()
  const first = await one!.post("/v1/responses", { model: "g", input: "Where is it?" })
  const { id } = JSON.parse(first.body) as { id: string }
  const second = await other!.post("/v1/responses", {
    model: "g",
    input: "Are you sure?",
    previous_response_id: id,
  })
  expect(second.status).toBe(200)
  const said = Buffer.from(upstream.requests[1]!.body).toString()
  for (const part of ["Where is it?", "Paris.", "Are you sure?"]) expect(said).toContain(part)
})
