/** A piece of a text, told apart from thoughts written into it. */
export interface TaggedPiece {
  thought: boolean
  text: string
}

/** Takes thoughts out of a text that begins with `<think>`. */
export interface TagSplitter {
  push(text: string): TaggedPiece[]
  /** What was held back because it could have been a tag. */
  end(): TaggedPiece[]
  /** Whether all that comes now is text. */
  readonly done: boolean
}

const OPEN = "<think>"
const CLOSE = "</think>"

export function createTagSplitter(): TagSplitter {
  let state: "begin" | "inside" | "behind" | "text" = "begin"
  let held = ""

  function push(text: string): TaggedPiece[] {
    if (state === "text") return piece(false, text)
    held += text
    if (state === "begin") {
      const start = held.trimStart()
      if (start.length < OPEN.length && OPEN.startsWith(start)) return []
      if (!start.startsWith(OPEN)) return becomeText(held)
      held = start.slice(OPEN.length)
      state = "inside"
    }
    if (state === "inside") {
      const end = held.indexOf(CLOSE)
      if (end < 0) return thoughtsSoFar()
      const thought = held.slice(0, end)
      held = held.slice(end + CLOSE.length)
      state = "behind"
      return [...piece(true, thought), ...push("")]
    }
    // The blank lines between the thoughts and the answer belong to neither.
    const answer = held.trimStart()
    return answer === "" ? [] : becomeText(answer)
  }

  /** All but an end that may be the beginning of the closing tag. */
  function thoughtsSoFar(): TaggedPiece[] {
    let kept = Math.min(CLOSE.length - 1, held.length)
    while (kept > 0 && !CLOSE.startsWith(held.slice(held.length - kept))) kept--
    const thought = held.slice(0, held.length - kept)
    held = held.slice(held.length - kept)
    return piece(true, thought)
  }

  function becomeText(text: string): TaggedPiece[] {
    state = "text"
    held = ""
    return piece(false, text)
  }

  return {
    push,
    end() {
      const rest = held
      held = ""
      return state === "behind" ? [] : piece(state === "inside", rest)
    },
    get done() {
      return state === "text"
    },
  }
}

function piece(thought: boolean, text: string): TaggedPiece[] {
  return text === "" ? [] : [{ thought, text }]
}
