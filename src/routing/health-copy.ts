import type { Channel, ChannelHealth, DeploymentHealth } from "../core/routing.ts"
import type { LiveChannel } from "./live-channel.ts"
import type { LiveDeployment } from "./live-deployment.ts"
import { LiveTrial, type Trial } from "./live-trial.ts"
import type { Slope } from "./slope.ts"

/** What a channel is known by: its own id, and those of its state and of its deployment's. */
export interface ChannelIds {
  id: string
  channel: string
  deployment: string
}

/** All that health knows. */
interface Known {
  channels: ReadonlyMap<string, LiveChannel>
  deployments: ReadonlyMap<string, LiveDeployment>
  reading: Slope
  latest: number
}

/** The same as plain data. */
export type SavedHealth = ReturnType<typeof saveHealth>

/** @param trials those under way */
export function saveHealth(
  { channels, deployments, reading, latest }: Known,
  trials: Iterable<Trial>,
) {
  return {
    latest,
    reading: reading.save(),
    channels: [...channels].map(([id, live]) => ({ id, live: live.save() })),
    deployments: [...deployments].map(([id, live]) => {
      return { id, breaker: live.save(), traffic: live.traffic.save() }
    }),
    trials: Array.from(trials, (trial) => saveTrial(trial as LiveTrial)),
  }
}

function saveTrial({ channel, ...trial }: LiveTrial) {
  const { id, health, deployment } = channel
  const ids: ChannelIds = { id, channel: health.id, deployment: deployment.health.id }
  return { ids, ...trial }
}

/** @returns the attempts under way: those of this process, and others */
export function loadHealth(
  health: { channel(id: string): ChannelHealth; deployment(id: string): DeploymentHealth },
  reading: Slope,
  saved: SavedHealth,
  mine: (order: number) => Trial | undefined,
  bare: (channel: ChannelIds) => Channel,
): Trial[] {
  const trials = new Map(
    saved.trials.map(({ ids, order, began, tokens, input, ...rest }) => {
      const trial = mine(order) ?? new LiveTrial(bare(ids), began, order, tokens, input)
      return [order, Object.assign(trial, rest) as LiveTrial]
    }),
  )
  const attemptOf = (order: number) => trials.get(order)
  reading.load(saved.reading)
  for (const { id, live } of saved.channels) {
    // Health makes no others.
    ;(health.channel(id) as LiveChannel).load(live, attemptOf)
  }
  for (const { id, breaker, traffic } of saved.deployments) {
    const live = health.deployment(id) as LiveDeployment
    live.load(breaker, attemptOf)
    live.traffic.load(traffic)
  }
  return [...trials.values()]
}
