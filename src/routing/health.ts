import type { Clock } from "../core/clock.ts"
import type { Channel, ChannelHealth, DeploymentHealth, Group, Strategy } from "../core/routing.ts"
import type { BreakerSettings, Cooldown } from "../core/settings.ts"
import type { Measured, ToldLimits } from "../core/traffic.ts"
import type { Failure } from "./failure.ts"
import { type ChannelIds, loadHealth, type SavedHealth, saveHealth } from "./health-copy.ts"
import { LiveChannel } from "./live-channel.ts"
import { LiveDeployment } from "./live-deployment.ts"
import { LiveTrial, type Trial } from "./live-trial.ts"
import { createMemories } from "./memories.ts"
import { Slope } from "./slope.ts"

export type { Trial } from "./live-trial.ts"

/** Milliseconds without traffic after which nothing is kept of what the config no longer names. */
const KEPT = 3_600_000

/** What the router has learned of its upstreams. Survives reloads: state is by stable ids. */
export interface Health {
  channel(id: string): ChannelHealth
  deployment(id: string): DeploymentHealth
  /** What a strategy remembers of a group, made at its first use. */
  memory<Memory>(group: string, strategy: Strategy<Memory>): Memory
  /** Drops what is known of channels that nobody names any more. */
  forget(channels: readonly Channel[]): void
  /**
   * Told after a reload which groups there are. Drops what strategies remember of others at once, and
   * what is known of other channels when they have had no traffic for an hour: a config may come back.
   */
  keep(groups: Iterable<Group>): void
  /** How a channel stands now. */
  standing(channel: Channel): Standing
  /**
   * Marks a channel as in use; the trial then ends in one of `succeed`, `fail` and `release`. What
   * comes after that is ignored.
   *
   * @param tokens that the attempt will use, guessed
   * @param stream whether it waits for a first content
   * @param input those of the tokens that are its input; NaN where that is not known
   * @param now monotonic milliseconds, here and below, of whoever has just looked at the clock
   */
  begin(channel: Channel, tokens?: number, stream?: boolean, input?: number, now?: number): Trial
  /** The first content is there: the channel works. Its deployment has yet to finish something. */
  answered(trial: Trial, now?: number): void
  succeed(trial: Trial, measured?: Measured, now?: number): void
  /** @param measured what was used all the same, such as by a stream that broke off */
  fail(trial: Trial, error: Failure, measured?: Measured): void
  /** The attempt ended without saying anything of the upstream: the client left. */
  release(trial: Trial, measured?: Measured): void
  /** An answer's headers told the channel's rate limits. */
  tell(channel: Channel, limits: ToldLimits): void
  /** A probe has found out whether a rejected key works again. */
  probed(channel: Channel, accepted: boolean): void
  /** All of it as plain data, for a copy in another process. @param trials those under way */
  save(trials: Iterable<Trial>): SavedHealth
  /**
   * Takes all of it over, in the place of what is known.
   *
   * @param mine an attempt of this process by its order
   * @param bare as much of a channel as health asks for
   * @returns those under way
   */
  load(
    saved: SavedHealth,
    mine: (order: number) => Trial | undefined,
    bare: (channel: ChannelIds) => Channel,
  ): Trial[]
}

/**
 * `ready`, with the share of its traffic that a recovering deployment may have, else 1; `busy`:
 * recovering, and one request is already trying it; `paused` for a reason until a time (monotonic ms);
 * `open`: its deployment's breaker is.
 */
export type Standing =
  | { state: "ready"; until: 0; share: number }
  | { state: "busy"; until: 0 }
  | { state: "paused" | "open"; until: number }

const READY: Standing = { state: "ready", until: 0, share: 1 }
const BUSY: Standing = { state: "busy", until: 0 }

export interface HealthRules {
  cooldown: Cooldown
  breaker: BreakerSettings
}

/** @param rules read when they are needed, so that a reload changes them */
export function createHealth(clock: Clock, rules: () => HealthRules): Health {
  const channels = new Map<string, LiveChannel>()
  const deployments = new Map<string, LiveDeployment>()
  const memories = createMemories()
  /** How the time to the first content grows with the input, over all deployments. */
  const reading = new Slope()
  /** Attempts that have begun. */
  let latest = 0

  /**
   * Ends a trial, once. What was expected of it is replaced by what it used. Where that is not known,
   * the expectation stays if the answer had begun or was waited for in vain: then the upstream has
   * worked. What was refused before has used nothing.
   *
   * @returns false when it had ended already
   */
  function end(trial: LiveTrial, now: number, measured: Measured | undefined, late: boolean) {
    if (trial.ended) return false
    trial.ended = true
    const { channel, began, tokens } = trial
    const live = liveOf(channel)
    const deployment = deploymentOf(channel)
    live.end(trial)
    deployment.end(trial)
    live.traffic.end()
    deployment.traffic.end()
    waitsNoMore(trial)
    const { input, output } = measured ?? {}
    let used = 0
    if (input !== undefined || output !== undefined) used = (input ?? 0) + (output ?? 0)
    else if (late || measured || trial.first !== undefined) used = tokens
    if (used !== tokens) {
      live.traffic.settle(now, began, tokens, used)
      deployment.traffic.settle(now, began, tokens, used)
    }
    return true
  }

  function waitsNoMore(trial: LiveTrial): void {
    if (!trial.waits) return
    trial.waits = false
    liveOf(trial.channel).traffic.waiting.remove(trial.began)
    deploymentOf(trial.channel).traffic.waiting.remove(trial.began)
  }

  function sweep(all: Map<string, LiveChannel | LiveDeployment>, named: ReadonlySet<string>) {
    const oldest = clock.now() - KEPT
    for (const [id, { traffic }] of all) {
      if (!named.has(id) && traffic.inFlight === 0 && traffic.usedAt <= oldest) all.delete(id)
    }
  }

  return {
    channel(id) {
      let health = channels.get(id)
      if (!health) {
        health = new LiveChannel(id)
        channels.set(id, health)
      }
      return health
    },
    deployment(id) {
      let health = deployments.get(id)
      if (!health) {
        health = new LiveDeployment(id, reading)
        deployments.set(id, health)
      }
      return health
    },
    memory: memories.of,
    forget(old) {
      for (const { health, deployment } of old) {
        channels.delete(health.id)
        deployments.delete(deployment.health.id)
      }
    },
    keep(groups) {
      const named = new Set<string>()
      const byName = new Map<string, Group>()
      for (const group of groups) {
        byName.set(group.name, group)
        for (const { health } of group.deployments) named.add(health.id)
        for (const { health } of group.channels) named.add(health.id)
      }
      sweep(channels, named)
      sweep(deployments, named)
      memories.keep(byName)
    },
    standing(channel) {
      const live = liveOf(channel)
      const breaker = deploymentOf(channel)
      const { opened, recovering } = breaker
      if (opened === 0 && live.reason === undefined && !recovering) return READY
      const now = clock.now()
      if (opened > 0) {
        if (breaker.openUntil > now) return { state: "open", until: breaker.openUntil }
        if (breaker.probing(now)) return BUSY
      }
      if (live.reason !== undefined) {
        if (live.pausedUntil > now) return { state: "paused", until: live.pausedUntil }
        if (live.probing(now)) return BUSY
      }
      const share = recovering ? breaker.share(now, rules().breaker) : 1
      return share < 1 ? { state: "ready", until: 0, share } : READY
    },
    begin(channel, tokens = 0, stream = false, input = Number.NaN, now = clock.now()) {
      const expected = tokens > 0 && tokens < Number.POSITIVE_INFINITY ? tokens : 0
      const trial = new LiveTrial(channel, now, ++latest, expected, input)
      const live = liveOf(channel)
      const deployment = deploymentOf(channel)
      live.traffic.begin(now, expected)
      deployment.traffic.begin(now, expected)
      live.begin(trial, now)
      deployment.begin(trial, now)
      if (stream) {
        trial.waits = true
        live.traffic.waiting.add(now)
        deployment.traffic.waiting.add(now)
      }
      return trial
    },
    answered(begun, now = clock.now()) {
      const trial = begun as LiveTrial
      if (trial.ended || trial.first !== undefined) return
      const { channel, input } = trial
      trial.first = Math.max(0, now - trial.began)
      waitsNoMore(trial)
      const live = liveOf(channel)
      live.traffic.firstContent(now, trial.first, input)
      deploymentOf(channel).traffic.firstContent(now, trial.first, input)
      live.works(trial)
    },
    succeed(begun, measured, now = clock.now()) {
      const trial = begun as LiveTrial
      if (!end(trial, now, measured, false)) return
      const live = liveOf(trial.channel)
      const deployment = deploymentOf(trial.channel)
      const first = measured?.ttft ?? trial.first
      live.traffic.succeeded(now, measured, first, trial.input)
      deployment.traffic.succeeded(now, measured, first, trial.input)
      live.works(trial)
      deployment.succeeded(trial, now, latest, rules().breaker)
    },
    fail(begun, error, measured) {
      const trial = begun as LiveTrial
      const now = clock.now()
      if (!end(trial, now, measured, error.kind === "upstream-timeout")) return
      const live = liveOf(trial.channel)
      const deployment = deploymentOf(trial.channel)
      const { cooldown, breaker } = rules()
      live.rest(error, trial, now, latest, cooldown)
      if (!error.rule.breaker) return
      live.traffic.failed(now)
      deployment.traffic.failed(now)
      deployment.failed(trial, now, latest, breaker)
    },
    release(begun, measured) {
      end(begun as LiveTrial, clock.now(), measured, false)
    },
    tell(channel, limits) {
      liveOf(channel).traffic.tell(limits)
    },
    probed(channel, accepted) {
      liveOf(channel).probed(accepted, clock.now(), rules().cooldown)
    },
    save: (trials) => saveHealth({ channels, deployments, reading, latest }, trials),
    load(saved, mine, bare) {
      latest = saved.latest
      return loadHealth(this, reading, saved, mine, bare)
    },
  }
}

/** The channels and deployments that requests name are those that `createHealth` has made. */
function liveOf({ health }: Channel): LiveChannel {
  return health as LiveChannel
}

function deploymentOf({ deployment }: Channel): LiveDeployment {
  return deployment.health as LiveDeployment
}
