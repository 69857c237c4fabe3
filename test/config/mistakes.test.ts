import { describe, expect, test } from "bun:test"
import { CODES } from "../../src/config/codes.ts"
import { fileMistakes } from "./mistakes/files.ts"
import { expectMistake, type Mistake } from "./mistakes/mistake.ts"
import { nameMistakes } from "./mistakes/names.ts"
import { routingMistakes } from "./mistakes/routing.ts"
import { secretMistakes } from "./mistakes/secrets.ts"
import { upstreamMistakes } from "./mistakes/upstreams.ts"
import { valueMistakes } from "./mistakes/values.ts"

const tables: Readonly<Record<string, readonly Mistake[]>> = {
  files: fileMistakes,
  values: valueMistakes,
  names: nameMistakes,
  routing: routingMistakes,
  upstreams: upstreamMistakes,
  secrets: secretMistakes,
}

for (const [kind, mistakes] of Object.entries(tables)) {
  describe(`mistakes in ${kind} are reported where they are, and repaired they are gone`, () => {
    for (const mistake of mistakes) {
      test(`${mistake.code}: ${mistake.title}`, () => expectMistake(mistake))
    }
  })
}

test("every code has a broken config that shows it", () => {
  // Not about a place in a config: test/config/discover, evaluate and environment have them.
  const elsewhere = ["LR2001", "LR2002", "LR2003", "LR2009", "LR2012", "LR2033"]
  const shown = Object.values(tables).flatMap((mistakes) => mistakes.map(({ code }) => code))
  expect(Object.keys(CODES).toSorted()).toEqual([...new Set([...shown, ...elsewhere])].toSorted())
})
