import { type Bindings, createBindings, isWarm } from "../bindings.ts"
import { defineStrategy } from "../define-strategy.ts"
import { drawsOf } from "../rendezvous.ts"

/**
 * A conversation stays with the channel (deployment and key) that holds its prompt cache, by the rule of
 * {@link Bindings}: its home while that is usable and warm, else where it was answered last, else
 * where a hash of the session puts it, which spreads sessions by weight, alike on all replicas. A request
 * without a session goes to the channel with the least in flight for its weight.
 */
export const cacheAffinity = defineStrategy<Bindings>({
  name: "cache-affinity",
  description: "Keeps a conversation on the channel that holds its prompt cache",
  aliases: ["cache_affinity", "session-affinity", "affinity", "sticky", "consistent-hash"],
  scope: "channel",
  createMemory: createBindings,
  scorer({ request: { session }, memory, now, random }) {
    if (session === undefined) {
      return ({ deployment, health }) =>
        (health.traffic.inFlight - Math.log(1 - random())) / deployment.weight
    }
    const binding = memory.get(session)
    const drawOf = drawsOf(session)
    const home = binding?.home && isWarm(binding.home, now) ? binding.home.channel : undefined
    return (channel) => {
      if (channel.id === home) return -2
      if (channel.id === binding?.current.channel) return -1
      return drawOf(channel)
    }
  },
  answered(channel, { request, memory, now }) {
    if (request.session === undefined) return
    memory.answered(request.session, channel, now, request.inputTokens)
  },
  explain({ id }, { request: { session }, memory, now }) {
    const binding = session === undefined ? undefined : memory.get(session)
    const place = [binding?.home, binding?.current].find((place) => place?.channel === id)
    return place
      ? { idle: now - place.used, tokens: place.tokens, warm: Number(isWarm(place, now)) }
      : {}
  },
})
