import type { Clock } from "../core/clock.ts"
import type { Channel, Deployment } from "../core/routing.ts"
import type { LearnedLimit, Traffic } from "../core/traffic.ts"
import { wallTime } from "../gateway/plan.ts"
import type { Runtime } from "../runtime.ts"
import type {
  ChannelState,
  DeploymentState,
  HealthReport,
  TrafficFigures,
} from "./openapi/schemas/channels.ts"

/** What the router knows of every channel of every group now. */
export function healthReport({ snapshot, context }: Runtime): HealthReport {
  const { clock } = context
  const groups = new Map<Deployment, string[]>()
  const known = new Map<string, Deployment>()
  for (const group of snapshot.table.groups.values()) {
    for (const deployment of group.deployments) {
      const one = known.get(deployment.id) ?? deployment
      known.set(deployment.id, one)
      groups.set(one, [...(groups.get(one) ?? []), group.name])
    }
  }
  return {
    time: new Date(clock.wall()).toISOString(),
    deployments: [...known.values()].map((deployment) => {
      // First: to ask how a channel stands is to learn what other workers have done.
      const channels = deployment.channels.map((channel) => channelState(channel, context))
      const state = deploymentState(deployment, clock)
      return { ...state, groups: groups.get(deployment) ?? [], channels }
    }),
  }
}

function deploymentState(
  { id, health, limits, window, lacks, region, tags }: Deployment,
  clock: Clock,
): Omit<DeploymentState, "groups" | "channels"> {
  const { recovery, openUntil, openedAt, closedAt, opened, failures } = health
  return {
    deployment: id,
    breaker: {
      state: opened === 0 ? "closed" : openUntil > clock.now() ? "open" : "half-open",
      failures,
      opened,
      ...(opened > 0 && {
        since: wallTime(openedAt, clock),
        until: wallTime(openUntil, clock),
      }),
      ...(Number.isFinite(closedAt) && { closed: wallTime(closedAt, clock) }),
      ...(Number.isFinite(recovery) && { recovery: Math.round(recovery) }),
    },
    ...(region !== undefined && { region }),
    tags: [...tags],
    lacks: [...lacks],
    ...(window !== undefined && { window }),
    limits: present({ ...limits }),
    traffic: figures(health.traffic, clock),
  }
}

function channelState(
  channel: Channel,
  { health, clock }: Pick<Runtime["context"], "health" | "clock">,
): ChannelState {
  const { state, until } = health.standing(channel)
  const { reason, pausedAt, rejections, traffic } = channel.health
  return {
    channel: channel.id,
    state,
    ...(until > 0 && { until: wallTime(until, clock) }),
    ...(reason !== undefined && { reason, since: wallTime(pausedAt, clock) }),
    rejections,
    traffic: figures(traffic, clock),
    told: present({
      requests: told(traffic.told.requests, clock),
      tokens: told(traffic.told.tokens, clock),
    }),
  }
}

function figures(traffic: Traffic, clock: Clock): TrafficFigures {
  const now = clock.now()
  return {
    inFlight: traffic.inFlight,
    requests: traffic.requests(now),
    tokens: Math.round(traffic.tokens(now)),
    ...known({
      success: traffic.success.value,
      ttft: traffic.ttft.value,
      ttftP95: traffic.quantile(0.95),
      perToken: traffic.perToken.value,
      cacheHits: traffic.cacheHits.value,
      output: traffic.output.value,
    }),
  }
}

function told(limit: LearnedLimit | undefined, clock: Clock) {
  if (!limit || limit.remaining === Number.POSITIVE_INFINITY) return undefined
  return {
    ...known({ limit: limit.limit }),
    remaining: limit.remaining,
    reset: wallTime(limit.resetAt, clock),
  }
}

/** Without what is not known. */
function known<Name extends string>(numbers: Record<Name, number>): { [N in Name]?: number } {
  const entries = Object.entries<number>(numbers).filter(([, value]) => Number.isFinite(value))
  return Object.fromEntries(
    entries.map(([name, value]) => [name, Math.round(value * 1000) / 1000]),
  ) as { [N in Name]?: number }
}

function present<Value extends object>(
  value: Value,
): { [Key in keyof Value]?: Exclude<Value[Key], undefined> } {
  return Object.fromEntries(Object.entries(value).filter(([, item]) => item !== undefined)) as {
    [Key in keyof Value]?: Exclude<Value[Key], undefined>
  }
}
