import type { Part } from "../part.ts"

/** How long a program takes from its start to its first answer. */
export const startPart: Part = {
  name: "start",
  metrics: [{ id: "start", label: "start to first 200", unit: "ms", digits: 1 }],
  repeats: ({ starts }) => starts,
  async measure({ begin }) {
    if (!begin) return undefined
    const target = await begin()
    await target.stop()
    return { start: target.startup }
  },
}
