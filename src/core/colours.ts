/** Paints a text for a terminal. */
export type Paint = (text: string) => string

const CODES = {
  bold: [1, 22],
  dim: [2, 22],
  red: [31, 39],
  green: [32, 39],
  yellow: [33, 39],
  blue: [34, 39],
  cyan: [36, 39],
} as const

/** The colours of a terminal. */
export type Colours = Readonly<Record<keyof typeof CODES, Paint>>

const PLAIN: Paint = (text) => text

/**
 * Paints that do something, or nothing. Packages that know colours ask at once what kind of terminal
 * there is, for which Bun loads a third of its library: too much for the start of a server.
 */
export function createColours(enabled: boolean): Colours {
  const entries = Object.entries(CODES).map(([name, [on, off]]) => {
    const [begin, end] = [`\x1b[${on}m`, `\x1b[${off}m`]
    // What is painted inside ends with the same code: there this paint begins again.
    const paint: Paint = (text) => `${begin}${text.replaceAll(end, end + begin)}${end}`
    return [name, enabled ? paint : PLAIN]
  })
  return Object.fromEntries(entries) as Colours
}
