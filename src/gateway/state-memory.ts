import { eventsOf } from "../canonical/answer.ts"
import { AgingMap } from "../core/aging-map.ts"
import type {
  Block,
  CanonicalAnswer,
  CanonicalEvent,
  CanonicalRequest,
  Opaque,
  ReasoningBlock,
  ToolCallBlock,
  Turn,
} from "../core/canonical.ts"
import type { Clock } from "../core/clock.ts"

/** What a call came with: the thoughts before it and its own state. Plain data. */
export interface CallState {
  /** What the call is known by. */
  key: string
  reasoning: readonly ReasoningBlock[]
  state: readonly Opaque[]
}

interface Remembered extends Omit<CallState, "key"> {
  /** Monotonic milliseconds. */
  until: number
  size: number
}

/**
 * Remembers the state that calls came with, for clients that do not send it back: most SDKs for Chat
 * keep no signatures. Bounded, and never on disk; what is forgotten is what such a client lost.
 */
export interface StateMemory {
  /** Follows one answer. @param caller key id */
  follow(caller: string | null): (event: CanonicalEvent) => void
  /** The request with the state of its calls, where it came back without any. */
  restore(request: CanonicalRequest, caller: string | null): CanonicalRequest
}

/** One that may be told what others have heard. */
export interface OpenStateMemory extends StateMemory {
  learn(call: CallState): void
}

/** Milliseconds that a loop may pause. */
const LIFETIME = 2 * 60 * 60 * 1000
/** Characters of all that is remembered. */
const CAPACITY = 32_000_000

/** @param heard told what is new, for those who are to know it too */
export function createStateMemory(
  clock: Clock,
  capacity = CAPACITY,
  heard: (call: CallState) => void = () => {},
): OpenStateMemory {
  const known = new AgingMap<string, Remembered>()
  let size = 0

  function forget(key: string): void {
    size -= known.delete(key)?.size ?? 0
  }

  function remember({ key, reasoning, state }: CallState): void {
    forget(key)
    const own = sizeOf(reasoning, state) + key.length
    if (own > capacity) return
    known.set(key, { reasoning, state, until: clock.now() + LIFETIME, size: own })
    size += own
    while (size > capacity && known.oldest !== undefined) forget(known.oldest)
  }

  function recall(call: ToolCallBlock, caller: string | null): Remembered | undefined {
    const key = keyOf(call, caller)
    const found = known.get(key)
    if (found && found.until < clock.now()) {
      forget(key)
      return undefined
    }
    return found
  }

  function restoreTurn(turn: Turn, caller: string | null): Turn {
    if (turn.role !== "assistant" || turn.blocks.some(hasState)) return turn
    const before: Block[] = []
    const blocks: Block[] = []
    let found = false
    for (const block of turn.blocks) {
      if (block.type !== "tool-call") {
        blocks.push(block)
        continue
      }
      const own = recall(block, caller)
      if (!own) {
        blocks.push(block)
        continue
      }
      // What was thought first stands first: some upstreams want it at the beginning of a turn.
      ;(found ? blocks : before).push(...own.reasoning)
      blocks.push(own.state.length > 0 ? { ...block, state: own.state } : block)
      found = true
    }
    if (!found) return turn
    // Thoughts that came back as mere text are the same ones.
    return { ...turn, blocks: [...before, ...blocks.filter((block) => !isBare(block))] }
  }

  return {
    learn: remember,
    follow(caller) {
      let thoughts: ReasoningBlock[] = []
      const growing = new Map<
        number,
        { text: string[]; state: Opaque[]; attach?: "call" | "text" }
      >()
      const calls = new Map<number, { block: ToolCallBlock; args: string[] }>()
      return (event) => {
        if (event.type === "open" && event.start.kind === "reasoning") {
          growing.set(event.part, { text: [], state: [] })
        } else if (event.type === "open" && event.start.kind === "tool-call") {
          const { id, name, tool: kind, state = [] } = event.start
          const block: ToolCallBlock = { type: "tool-call", id, name, kind, args: "", state }
          calls.set(event.part, { block, args: [] })
        } else if (event.type === "delta") {
          growing.get(event.part)?.text.push(event.text)
          calls.get(event.part)?.args.push(event.text)
        } else if (event.type === "state") {
          const part = growing.get(event.part)
          part?.state.push(event.state)
          if (part && event.attach) part.attach = event.attach
        } else if (event.type === "close") {
          const part = growing.get(event.part)
          if (part && part.state.length > 0) {
            const { text, state, attach } = part
            const block: ReasoningBlock = { type: "reasoning", text: text.join(""), state }
            thoughts.push(attach ? { ...block, attach } : block)
          }
          growing.delete(event.part)
          const call = calls.get(event.part)
          calls.delete(event.part)
          if (!call) return
          const { block } = call
          const state = block.state ?? []
          const key = keyOf({ ...block, args: call.args.join("") }, caller)
          if (thoughts.length > 0 || state.length > 0) {
            const own: CallState = { key, reasoning: thoughts, state }
            remember(own)
            heard(own)
          }
          thoughts = []
        }
      }
    },
    restore(request, caller) {
      if (known.size === 0) return request
      const turns = request.turns.map((turn) => restoreTurn(turn, caller))
      return turns.some((turn, at) => turn !== request.turns[at]) ? { ...request, turns } : request
    },
  }
}

/** Tells a memory of a whole answer. */
export function followWhole(
  follow: (event: CanonicalEvent) => void,
  answer: CanonicalAnswer,
): void {
  for (const event of eventsOf(answer)) follow(event)
}

/** Ids are not unique everywhere, so a call is known by what it says, too. */
function keyOf({ id, name, kind, args }: ToolCallBlock, caller: string | null): string {
  const said = kind === "function" ? normal(args) : args
  return new Bun.SHA256().update(JSON.stringify([caller, id, name, said])).digest("base64")
}

/** Arguments without the white space that clients write anew. */
function normal(args: string): string {
  try {
    return JSON.stringify(JSON.parse(args || "{}"))
  } catch {
    return args
  }
}

function hasState(block: Block): boolean {
  return (
    (block.type === "reasoning" || block.type === "tool-call" || block.type === "text") &&
    (block.state?.length ?? 0) > 0
  )
}

function isBare(block: Block): boolean {
  return block.type === "reasoning" && block.state.length === 0
}

function sizeOf(reasoning: readonly ReasoningBlock[], state: readonly Opaque[]): number {
  const states = [...reasoning.flatMap((block) => block.state), ...state]
  const texts = reasoning.reduce((sum, { text }) => sum + text.length, 0)
  return states.reduce((sum, { payload }) => sum + payload.length, texts)
}
