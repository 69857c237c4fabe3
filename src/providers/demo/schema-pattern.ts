/** A text for a simple regular expression: classes, groups, alternatives and counts; anchors are skipped. */
export function textFor(pattern: string, random: () => number): string {
  const writer = createWriter(pattern, random)
  const text = writer.alternatives()
  if (!new RegExp(pattern, "u").test(text)) {
    throw new Error(`the demo cannot make a text for the pattern ${pattern}`)
  }
  return text
}

const CLASSES: Readonly<Record<string, string>> = {
  d: "0123456789",
  w: "abcdefghijklmnopqrstuvwxyz0123456789",
  s: " ",
  D: "abcdef",
  W: "-",
  S: "abcdef",
  n: "\n",
  t: "\t",
}
const LONGEST = 10_000
const ANY = "abcdefghijklmnopqrstuvwxyz"
const PRINTABLE =
  "!\"#$%&'()*+,-./0123456789:;<=>?@ABCDEFGHIJKLMNOPQRSTUVWXYZ[\\]^_`abcdefghijklmnopqrstuvwxyz{|}~"

/** A recursive descent over the pattern that writes instead of matching. */
function createWriter(pattern: string, random: () => number) {
  let at = 0
  const peek = () => pattern[at] ?? ""
  const next = () => pattern[at++] ?? ""
  const pick = (from: string) => from[Math.floor(random() * from.length)] ?? ""

  /** Every alternative is read, the first one is written. */
  function alternatives(): string {
    const first = sequence()
    while (peek() === "|") {
      next()
      sequence()
    }
    return first
  }

  function sequence(): string {
    let text = ""
    while (at < pattern.length && peek() !== "|" && peek() !== ")") {
      const from = at
      const once = atom()
      const after = at
      const count = counted()
      const resume = at
      for (let n = 0; n < count; n++) {
        // Written again rather than repeated, so that [a-z]{3} is not three times the same letter.
        at = from
        text += n === 0 ? once : atom()
      }
      at = Math.max(after, resume)
    }
    return text
  }

  function counted(): number {
    const range = /^\{(\d+)(,(\d*))?\}/.exec(pattern.slice(at))
    const least = range
      ? Number(range[1])
      : peek() === "+"
        ? 1
        : /[*?]/.test(peek())
          ? 0
          : undefined
    if (least === undefined) return 1
    if (least > LONGEST) throw new Error(`the pattern ${pattern} asks for too much`)
    at += range ? range[0].length : 1
    if (peek() === "?") next()
    return least
  }

  function atom(): string {
    const char = next()
    if (char === "^" || char === "$") return ""
    if (char === ".") return pick(ANY)
    if (char === "\\") return escaped()
    if (char === "[") return pick(set())
    if (char !== "(") return char
    const lookaround = /^\?(<?[=!])/.test(pattern.slice(at))
    const prefix = /^\?(:|<?[=!]|<[^>]+>)/.exec(pattern.slice(at))
    at += prefix?.[0].length ?? 0
    const inner = alternatives()
    next()
    return lookaround ? "" : inner
  }

  function escaped(): string {
    const char = next()
    if (char === "b" || char === "B") return ""
    if (/[pP]/.test(char) && peek() === "{") {
      const name = pattern.slice(at, pattern.indexOf("}", at))
      at = pattern.indexOf("}", at) + 1
      return pick(/Lu/.test(name) ? ANY.toUpperCase() : /N/.test(name) ? "0123456789" : ANY)
    }
    return CLASSES[char] ? pick(CLASSES[char]) : char
  }

  function set(): string {
    const negated = peek() === "^"
    if (negated) next()
    let members = ""
    while (at < pattern.length && peek() !== "]") {
      const char = next()
      if (char === "\\") {
        const name = next()
        members += CLASSES[name] ?? name
      } else if (peek() === "-" && pattern[at + 1] !== "]") {
        next()
        const last = next().charCodeAt(0)
        for (let code = char.charCodeAt(0); code <= last; code++)
          members += String.fromCharCode(code)
      } else members += char
    }
    next()
    if (!negated) return members
    const allowed = [...ANY, ...PRINTABLE].filter((each) => !members.includes(each))
    return allowed.join("")
  }

  return { alternatives }
}
