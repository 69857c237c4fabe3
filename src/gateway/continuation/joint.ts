/** Characters of the old text that are looked for at the beginning of the new one. */
const LOOK_BACK = 200
/** Characters that a repetition has at least, unless it is all of the old text: less may be chance. */
const LEAST = 16

/** Puts a text and its continuation together. A synchronous state machine over the new text. */
export interface Joint {
  /** @returns what of the text so far follows the old one; empty while that cannot be said */
  push(text: string): string
  /** The new text has ended. @returns what was held back */
  end(): string
}

export interface JointOptions {
  /** The old text. */
  before: string
  /** Whether the client's text goes on in the same part, where white space must not be doubled. */
  same: boolean
  /** Words of the old text that the new one was asked to begin with: what stands before them is no part of it. */
  anchor?: string | undefined
}

/**
 * Leaves out of the new text what repeats the end of the old one, and white space that is there
 * already. The new text is held back only while it could still be a repetition.
 */
export function createJoint({ before, same, anchor }: JointOptions): Joint {
  const base = before.trimEnd()
  const tail = base.slice(-LOOK_BACK)
  /** White space at the end of the old text that the new one may say again. */
  let space = same ? before.slice(base.length) : ""
  let held = ""
  let joined = base === ""

  /** @returns where the new text really begins; undefined while more has to be seen */
  function beginning(final: boolean): number | undefined {
    const start = held.search(/\S/)
    if (start < 0) return final ? 0 : undefined
    const said = held.slice(start)
    for (let length = tail.length; length > 0; length--) {
      if (length < LEAST && length < base.length) break
      const end = tail.slice(-length)
      if (said.startsWith(end)) return start + length
      if (!final && said.length < length && end.startsWith(said)) return undefined
    }
    if (anchor === undefined || anchor.length < LEAST) return 0
    const found = held.indexOf(anchor)
    if (found >= 0 && found <= LOOK_BACK) return found + anchor.length
    return final || held.length >= LOOK_BACK + anchor.length ? 0 : undefined
  }

  /** Eats what the old text has at its end already. */
  function withoutSpace(text: string): string {
    let at = 0
    while (at < text.length && at < space.length && text[at] === space[at]) at++
    space = at === text.length ? space.slice(at) : ""
    return text.slice(at)
  }

  function join(final: boolean): string {
    const at = beginning(final)
    if (at === undefined) return ""
    joined = true
    const text = held.slice(at)
    held = ""
    return withoutSpace(text)
  }

  return {
    push(text) {
      if (joined) return space === "" ? text : withoutSpace(text)
      held += text
      return join(false)
    },
    end: () => (joined ? "" : join(true)),
  }
}
