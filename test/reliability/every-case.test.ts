import { expect, test } from "bun:test"

/** How many cases each group has. */
const GROUPS = { S: 24, R: 15, C: 11 }

test("all fifty cases are here, and none twice", async () => {
  const found: string[] = []
  for (const file of new Bun.Glob("*.test.ts").scanSync(import.meta.dir)) {
    const text = await Bun.file(`${import.meta.dir}/${file}`).text()
    for (const [, id] of text.matchAll(/^test\("([SRC]\d\d) /gm)) found.push(id!)
  }
  const all = Object.entries(GROUPS).flatMap(([group, many]) =>
    Array.from({ length: many }, (_, n) => `${group}${String(n + 1).padStart(2, "0")}`),
  )
  expect(found.sort()).toEqual(all.sort())
})
