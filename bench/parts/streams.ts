import { type Part, spent } from "../part.ts"
import type { Kind } from "../payload.ts"
import { chatRequest, messagesRequest, type Request } from "../request.ts"
import { readStreams } from "../streams.ts"
import type { Target } from "../target.ts"

/** Streams at once. */
const WIDTH = 256

const part = (
  kind: "paced" | "fast",
  id: string,
  how: string,
  ask: (target: Target, kind: Kind) => Request | undefined,
): Part => ({
  name: id,
  metrics: [
    { id: `${id}.perSecond`, label: `${how}, ${WIDTH} streams`, unit: "events/s", digits: 0 },
    { id: `${id}.cpu`, label: `CPU per event, ${how}`, unit: "µs", digits: 2 },
  ],
  leadIn: true,
  floor: true,
  repeats: ({ rounds }) => rounds,
  async measure({ target, peer }, { plan }) {
    if (peer && kind === "paced") return undefined
    const request = ask(target, kind)
    if (!request) return undefined
    const { result, cpu } = await spent(target, () => readStreams(request, WIDTH, plan[kind]))
    return { [`${id}.perSecond`]: result.perSecond, [`${id}.cpu`]: cpu / result.events }
  },
})

const translated = (target: Target, kind: Kind) => target.messages && messagesRequest(target, kind)

/** Streams with an event each 10 ms, as a model speaks. */
export const paced = part("paced", "paced", "10 ms apart", chatRequest)

/** The same, asked for in another protocol than the upstream's. */
export const pacedTranslated = part(
  "paced",
  "paced-translated",
  "10 ms apart, translated",
  translated,
)

/** Streams without any pause. */
export const fast = part("fast", "fast", "no gap", chatRequest)

/** The same, asked for in another protocol than the upstream's. */
export const fastTranslated = part("fast", "fast-translated", "no gap, translated", translated)
