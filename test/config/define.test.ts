import { expect, test } from "bun:test"
import { inspect } from "node:util"
import { SecretRef } from "../../src/config/secret-ref.ts"
import { defineConfig, env, file, type Secret } from "../../src/index.ts"

/** The position of `needle` in this file, both from 1. */
async function positionOf(needle: string) {
  const lines = (await Bun.file(import.meta.path).text()).split("\n")
  const line = lines.findIndex((text) => text.includes(needle))
  return { file: import.meta.path, line: line + 1, column: lines[line]!.indexOf(needle) + 1 }
}

const asRef = (secret: Secret) => {
  if (secret instanceof SecretRef) return secret
  throw new Error("no reference")
}

test("env and file only say what to look up", () => {
  expect(asRef(env("A_NAME"))).toMatchObject({ kind: "env", name: "A_NAME", optional: false })
  expect(asRef(env("A_NAME", { optional: true })).optional).toBe(true)
  expect(asRef(file("/run/x"))).toMatchObject({ kind: "file", name: "/run/x", optional: false })
})

test("a reference knows the line that asked for it", async () => {
  const direct = env("DIRECT")
  const inside = { deep: [file("/inside")] }
  const mapped = ["MAPPED"].map((name) => ({ key: env(name) }))
  expect(asRef(direct).site).toEqual(await positionOf('env("DIRECT")'))
  expect(asRef(inside.deep[0]!).site).toEqual(await positionOf('file("/inside")'))
  expect(asRef(mapped[0]!.key).site).toEqual(await positionOf("env(name)"))
})

test("a reference prints what it refers to at most", () => {
  const secret = env("A_NAME")
  expect(`${secret}`).toBe("[secret]")
  expect(`key: ${secret}`).toBe("key: [secret]")
  expect(JSON.stringify({ secret })).toBe('{"secret":"[secret]"}')
  expect(inspect(secret)).toBe('env("A_NAME")')
  expect(Bun.inspect(secret)).toBe('env("A_NAME")')
})

test("defineConfig gives back what it got", () => {
  const config = { providers: { mine: { type: "ollama" } } } as const
  expect(defineConfig(config)).toBe(config as ReturnType<typeof defineConfig>)
})

test("defineConfig calls a function, as plain JavaScript may give", () => {
  const config = { providers: {} }
  const untyped: (config: unknown) => unknown = defineConfig as never
  expect(untyped(() => config)).toBe(config)
})
