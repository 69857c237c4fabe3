import { asBuffer, type JsonField, parseField } from "./json-scan.ts"
import { skipSpace } from "./json-skip.ts"

/** Members by name. */
export interface Members {
  /** The last member of a name. */
  get(name: string): JsonField | undefined
}

/** Some members of an object, parsed; what is not there or no JSON is left out. */
export function membersOf(
  body: Uint8Array,
  members: Members,
  names: readonly string[],
): Record<string, unknown> {
  const found: Record<string, unknown> = {}
  for (const name of names) {
    const field = members.get(name)
    if (!field) continue
    try {
      found[name] = parseField(body, field)
    } catch {
      // Whoever sends the body on says what is wrong with it.
    }
  }
  return found
}

/** Whether a member is an array that has something in it. */
export function hasItems(body: Uint8Array, field: JsonField | undefined): boolean {
  if (!field || body[field.start] !== 0x5b) return false
  return skipSpace(asBuffer(body), field.start + 1) < field.end - 1
}
