import { describe, expect, test } from "bun:test"
import { createJoint, type JointOptions } from "../../src/gateway/continuation/joint.ts"

const SIZES = [1, 2, 3, 7, 64, Number.POSITIVE_INFINITY]

/** What follows the old text when the new one comes in pieces of every size. */
function join(options: Partial<JointOptions> & { before: string }, text: string): string {
  const heard = SIZES.map((size) => {
    const joint = createJoint({ same: true, ...options })
    let said = ""
    for (let at = 0; at < text.length; at += size) said += joint.push(text.slice(at, at + size))
    return said + joint.end()
  })
  expect(new Set(heard).size).toBe(1)
  return heard[0]!
}

const BEFORE = "The quick brown fox jumps over the lazy dog and then"

describe("what follows a text that broke off", () => {
  test("is the new text as it is, when that repeats nothing", () => {
    expect(join({ before: BEFORE }, " it sleeps.")).toBe(" it sleeps.")
    expect(join({ before: "func" }, "tion() {}")).toBe("tion() {}")
  })

  test("leaves out what the new text repeats of the end", () => {
    expect(join({ before: BEFORE }, "the lazy dog and then it sleeps.")).toBe(" it sleeps.")
    expect(join({ before: BEFORE }, "\n  over the lazy dog and then it sleeps.")).toBe(
      " it sleeps.",
    )
  })

  test("leaves out all of a short text that the new one begins with", () => {
    expect(join({ before: "Hello wor" }, "Hello world")).toBe("ld")
  })

  test("keeps short repetitions, which are how texts go", () => {
    expect(join({ before: "<ul>\n  <li>a</li>\n" }, "  <li>b</li>\n")).toBe("  <li>b</li>\n")
    expect(join({ before: "if (a) {\n  if (b) {\n    c()\n  }\n" }, "}\n")).toBe("}\n")
    expect(join({ before: "it costs 1000" }, "000 dollars")).toBe("000 dollars")
    expect(join({ before: "a very long bo" }, "ok")).toBe("ok")
  })

  test("keeps what only looked like a repetition", () => {
    const text = "the lazy dog and the cat sleep."
    expect(join({ before: BEFORE }, text)).toBe(text)
    expect(join({ before: BEFORE }, "the lazy")).toBe("the lazy")
  })

  test("has the white space between them once", () => {
    expect(join({ before: "The list:\n\n" }, "\n\n- one")).toBe("- one")
    expect(join({ before: "The list:\n\n" }, "\n- one")).toBe("- one")
    expect(join({ before: "The list:\n" }, "\n\n  - one")).toBe("\n  - one")
    expect(join({ before: "The list: " }, "one")).toBe("one")
    expect(join({ before: "The list:" }, " one")).toBe(" one")
  })

  test("has it once behind a repetition, too", () => {
    const before = `${BEFORE}:\n\n`
    expect(join({ before }, "over the lazy dog and then:\n\n- one")).toBe("- one")
    expect(join({ before }, "over the lazy dog and then:\n\n\n- one")).toBe("\n- one")
  })

  test("keeps white space that begins a part of its own", () => {
    expect(join({ before: "The list:\n", same: false }, "\n- one")).toBe("\n- one")
  })

  test("leaves out a remark before the words that were asked for", () => {
    const anchor = "over the lazy dog and then"
    const text = `Of course! Here it goes on:\n\n${anchor} it sleeps.`
    expect(join({ before: BEFORE, anchor }, text)).toBe(" it sleeps.")
    expect(join({ before: BEFORE }, text)).toBe(text)
  })

  test("keeps everything when the words that were asked for do not come", () => {
    const text = `${"nothing of the kind ".repeat(30)}over the lazy dog and then`
    expect(join({ before: BEFORE, anchor: "over the lazy dog and then" }, text)).toBe(text)
  })

  test("is not waited for when nothing repeats", () => {
    const joint = createJoint({ before: BEFORE, same: true })
    expect(joint.push(" it sleeps")).toBe(" it sleeps")
  })

  test("is held back no longer than a repetition can be", () => {
    const joint = createJoint({ before: "x".repeat(5000), same: true, anchor: "y".repeat(60) })
    let held = 0
    while (joint.push("z") === "") held++
    expect(held).toBeLessThan(300)
  })

  test("repeats only what is at the end, however long the old text is", () => {
    const long = Array.from({ length: 5000 }, (_, n) => `word${n}`).join(" ")
    expect(join({ before: long }, `${long.slice(-150)} and more`)).toBe(" and more")
    expect(join({ before: long }, "word0 word1 word2 word3")).toBe("word0 word1 word2 word3")
  })
})
