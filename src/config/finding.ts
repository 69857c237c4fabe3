import type { Code } from "./codes.ts"
import type { Site } from "./secret-ref.ts"

/** Keys and indexes that lead from the config to one of its values. */
export type Path = readonly (string | number)[]

/** A mistake before its place in the source is known. */
export interface Finding {
  code: Code
  message: string
  /** Where in the config; absent when no place in it is to blame. */
  path?: Path
  /** Whether the key or its value is wrong; the value when absent. */
  at?: "key" | "value"
  /** The wrong part of a text value, in characters. */
  part?: { start: number; length: number }
  /** Where it is, when that is known without looking for the path. */
  site?: (Site & { length?: number }) | undefined
  why?: string
  hint?: string
}

/** Takes findings as they come. */
export type Report = (finding: Finding) => void

/** A path as a person writes it: `groups.fast.models[0]`, `providers["my-gpu"]`. */
export function printPath(path: Path): string {
  let text = ""
  for (const step of path) {
    if (typeof step === "number") text += `[${step}]`
    else if (/^[A-Za-z_$][\w$]*$/.test(step)) text += text === "" ? step : `.${step}`
    else text += `[${JSON.stringify(step)}]`
  }
  return text
}
