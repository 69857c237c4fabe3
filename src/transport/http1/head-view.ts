import type { HeaderView } from "../../core/byte-source.ts"

/** Names whose beginnings of lines are kept; code asks for fewer, and a config for a few. */
const MOST = 256

const lines = new Map<string, string>()

/** How a line of this name begins. */
function lineOf(name: string): string {
  let line = lines.get(name)
  if (line === undefined) {
    line = `\n${name}:`
    if (lines.size >= MOST) lines.clear()
    lines.set(name, line)
  }
  return line
}

const CR = 0x0d
const SPACE = 0x20
const TAB = 0x09

/** The header lines of one answer, looked up in their text: few are asked for, once each. A class, since there are many. */
export class HeadView implements HeaderView {
  /** Lines that each begin with a line feed; names in lower case, with the colon right behind them. */
  readonly #text: string
  found: object | null = null

  constructor(text: string) {
    this.#text = text
  }

  get(name: string): string | null {
    const key = lineOf(name)
    let at = this.#text.indexOf(key)
    if (at < 0) return null
    let value = this.#valueAt(at + key.length)
    for (;;) {
      at = this.#text.indexOf(key, at + key.length)
      if (at < 0) return value
      value = `${value}, ${this.#valueAt(at + key.length)}`
    }
  }

  has(name: string): boolean {
    return this.#text.includes(lineOf(name))
  }

  hasBeginning(beginning: string): boolean {
    return this.#text.includes(`\n${beginning}`)
  }

  forEach(each: (value: string, name: string) => void): void {
    const text = this.#text
    for (let at = 0; at >= 0; at = text.indexOf("\n", at + 1)) {
      const colon = text.indexOf(":", at)
      if (colon < 0) return
      const name = text.slice(at + 1, colon)
      // Given with the first of its lines.
      if (text.indexOf(`\n${name}:`) === at) each(this.get(name)!, name)
    }
  }

  #valueAt(start: number): string {
    const text = this.#text
    const lf = text.indexOf("\n", start)
    let end = lf < 0 ? text.length : lf
    if (text.charCodeAt(end - 1) === CR) end--
    let from = start
    while (from < end && isBlank(text.charCodeAt(from))) from++
    while (end > from && isBlank(text.charCodeAt(end - 1))) end--
    return text.slice(from, end)
  }
}

function isBlank(code: number): boolean {
  return code === SPACE || code === TAB
}
