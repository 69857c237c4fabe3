import { PLAIN, WORD } from "./plain-lines.ts"

/** Where the id of a plain line ends. */
const ID_END = PLAIN.length + 32

/** Lines that can be read by themselves: each row comes with its words. @param taken lines before them */
export function withWords(taken: string, waiting: string): string[] {
  const words = new Map<string, string>()
  const learn = (line: string) => words.set(line.slice(0, line.indexOf("\t")), `${line}\n`)
  for (const line of taken.split("\n")) if (line.startsWith(WORD)) learn(line)
  const found: string[] = []
  for (const line of waiting.split("\n").slice(0, -1)) {
    if (line.startsWith(WORD)) learn(line)
    else if (!line.startsWith(PLAIN)) found.push(`${line}\n`)
    else {
      const [kind, plan] = line.slice(ID_END).split(",", 2)
      const own = [kind, plan].map((number) => words.get(WORD + number) ?? "")
      found.push(`${own.join("")}${line}\n`)
    }
  }
  return found
}
