import type { Deployment } from "../core/routing.ts"
import type { Runtime } from "../runtime.ts"

/** How many deployments are in which state. */
export interface DeploymentStates {
  /** At least one channel can be used. */
  ready: number
  /** Every channel rests. */
  paused: number
  /** The breaker is open. */
  open: number
  /** No provider key, so never used. */
  keyless: number
}

/** Every deployment of every group once, by its state now. */
export function deploymentStates({ snapshot, context }: Runtime): DeploymentStates {
  const states: DeploymentStates = { ready: 0, paused: 0, open: 0, keyless: 0 }
  const all = new Map<string, Deployment>()
  for (const group of snapshot.table.groups.values()) {
    for (const deployment of group.deployments) all.set(deployment.id, deployment)
  }
  for (const { channels } of all.values()) {
    const standings = channels.map((channel) => context.health.standing(channel).state)
    if (standings.length === 0) states.keyless++
    else if (standings.some((state) => state === "ready" || state === "busy")) states.ready++
    else if (standings.includes("open")) states.open++
    else states.paused++
  }
  return states
}
