import { afterAll, beforeAll, describe, expect, test } from "bun:test"
import { readFileSync } from "node:fs"
import { join } from "node:path"
import { Glob } from "bun"
import { steering as parameters } from "../../src/server/openapi/steering.ts"
import { type Shown, startShown } from "./shown.ts"

const page = (name: string) => readFileSync(join("docs", name), "utf8")
const sorted = (list: Iterable<string>) => [...new Set(list)].toSorted()
const matches = (text: string, pattern: RegExp) => [...text.matchAll(pattern)].map(([, it]) => it!)

/** Every source file but those that are about something else. */
const sources = [...new Glob("src/**/*.ts").scanSync()]
  .filter((path) => !/^src\/(config|server\/openapi|providers\/demo)\//.test(path))
  .map((path) => readFileSync(path, "utf8"))

describe("the manual's examples of steering", () => {
  const steering = page("steering.md")
  let shown: Shown
  beforeAll(async () => {
    shown = await startShown()
  })
  afterAll(() => shown.close())

  test("by curl are understood", async () => {
    const line = shown.snippet(steering, "sh", "curl").replace("curl ", "curl -sS -f ")
    const answer = JSON.parse(await shown.run(["sh", "-c", line]))
    expect(answer.choices[0].message.content).not.toBe("")
    const wrong = line.replace('"timeout":"20s"', '"timeout":"soon"')
    await expect(shown.run(["sh", "-c", wrong])).rejects.toThrow("400")
  })

  for (const text of ["new OpenAI", "new Anthropic"]) {
    test(`by the SDK are understood: ${text}`, async () => {
      const program = shown.snippet(steering, "ts", text)
      await Bun.write(join(shown.folder, "it.ts"), program)
      expect((await shown.run([process.execPath, "it.ts"])).trim()).not.toBe("")
      await Bun.write(join(shown.folder, "wrong.ts"), program.replace('"20s"', '"soon"'))
      const wrong = shown.run([process.execPath, "wrong.ts"])
      await expect(wrong).rejects.toThrow("x-llmrouter-timeout")
    })
  }

  // The official SDK for Python is not a dependency: where it is not installed, this cannot run.
  const python = Bun.spawnSync(["python3", "-c", "import openai"]).exitCode === 0
  test.skipIf(!python)("by the Python SDK are understood", async () => {
    await Bun.write(join(shown.folder, "it.py"), shown.snippet(steering, "python", "OpenAI("))
    expect((await shown.run(["python3", "it.py"])).trim()).not.toBe("")
  })

  test("are all that there is", async () => {
    const bogus = `curl -s ${shown.snippet(steering, "sh", "curl").split(" ")[1]} -d '{"model":"auto","messages":[],"llmrouter":{"bogus":1}}'`
    const { error } = JSON.parse(await shown.run(["sh", "-c", bogus]))
    expect(error.code).toBe("invalid_steering")
    const known = matches(error.message.split("there is")[1], /`(\w+)`/g)
    const rows = steering.split("\n").filter((line) => line.startsWith("| `x-llmrouter-"))
    const headers = rows.map((row) => /x-llmrouter-(\w+)/.exec(row)![1]!)
    const members = rows.flatMap((row) => matches(row.split("|")[2]!, /`"(\w+)":/g))
    expect(sorted(members)).toEqual(sorted(known))
    expect(sorted(headers)).toEqual(sorted([...known, "session"]))
    const inSwagger = Object.values(parameters).map(({ name }) => name.replace("x-llmrouter-", ""))
    expect(sorted(inSwagger)).toEqual(sorted(headers))
  })
})

test("every header of the router's own is in the manual", () => {
  const manual = page("routing.md") + page("steering.md")
  const sent = sources.flatMap((text) => matches(text, /["'](x-llmrouter-[a-z]+)["']/g))
  expect(sent.length).toBeGreaterThan(5)
  const unnamed = sorted(sent).filter((name) => !manual.includes(name))
  expect(unnamed).toEqual([])
})

describe("the page of errors", () => {
  const errors = page("request-errors.md")
  const used = sources.flatMap((text) =>
    matches(text, /(?:code:|TOO_LATE =) "([a-z]+(?:_[a-z]+)*)"/g),
  )
  const rows = errors.split("\n").filter((line) => /^\| `/.test(line))

  test("has every code that a request may get", () => {
    const codes = sorted(used).filter((code) => errors.includes(`\`${code}\``) === false)
    expect(codes).toEqual([])
  })

  test("has no code that nothing says", () => {
    const named = rows.flatMap((row) => matches(row.split("|")[1]!, /`(\w+)`/g))
    expect(named.length).toBeGreaterThan(30)
    expect(named.length).toBe(new Set(named).size)
    const all = sources.join("\n")
    expect(named.filter((code) => !all.includes(`"${code}"`))).toEqual([])
  })
})
