import type { Part } from "../part.ts"
import { ask, chatRequest } from "../request.ts"

/** How long a program takes from its start to its first 200, and to a completion that is asked for then. */
export const startPart: Part = {
  name: "start",
  metrics: [
    { id: "start", label: "start to first 200", unit: "ms", digits: 1 },
    { id: "start.chat", label: "start to first completion", unit: "ms", digits: 1 },
  ],
  repeats: ({ starts }) => starts,
  async measure({ begin }) {
    if (!begin) return undefined
    const target = await begin()
    try {
      const asked = performance.now()
      const response = await ask(chatRequest(target, "plain"))
      await response.arrayBuffer()
      if (!response.ok) throw new Error(`the first completion is answered with ${response.status}`)
      return { start: target.startup, "start.chat": target.startup + performance.now() - asked }
    } finally {
      await target.stop()
    }
  },
}
