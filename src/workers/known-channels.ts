import type { Channel } from "../core/routing.ts"
import type { Health } from "../routing/health.ts"
import type { ChannelIds } from "../routing/health-copy.ts"
import type { Commons } from "./commons.ts"

/** The channels that events are of. */
export interface KnownChannels {
  /** The number of a channel. Only between the commons' `enter` and `leave`. */
  nameOf(channel: Channel): number
  /** What a number stands for: as much of a channel as health asks for. This worker's config may not have it. */
  channel(name: number): Channel
  /** The same by what the number stands for. */
  bare(channel: ChannelIds): Channel
  /** Told when health has forgotten some: they are looked up anew. */
  forget(): void
}

export function createKnownChannels(commons: Commons, health: Health): KnownChannels {
  const numbers = new Map<string, number>()
  const channels = new Map<number, Channel>()

  function bare({ id, channel, deployment }: ChannelIds): Channel {
    const found: Pick<Channel, "id" | "health"> & { deployment: object } = {
      id,
      health: health.channel(channel),
      deployment: { health: health.deployment(deployment) },
    }
    return found as Channel
  }

  function find(name: number): Channel {
    const [id = "", channel = "", deployment = ""] = commons.names.text(name).split("\n")
    const found = bare({ id, channel, deployment })
    channels.set(name, found)
    return found
  }

  commons.names.onForget(() => {
    numbers.clear()
    channels.clear()
  })
  return {
    nameOf({ id, health: live, deployment }) {
      let name = numbers.get(live.id)
      if (name === undefined) {
        name = commons.nameOf(`${id}\n${live.id}\n${deployment.health.id}`)
        numbers.set(live.id, name)
      }
      return name
    },
    channel: (name) => channels.get(name) ?? find(name),
    bare,
    forget: () => channels.clear(),
  }
}
