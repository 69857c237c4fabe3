import type { DeploymentHealth } from "../core/routing.ts"
import { Breaker } from "./breaker.ts"
import type { Slope } from "./slope.ts"
import { LiveTraffic } from "./traffic.ts"

/** The breaker and the figures of one deployment. */
export class LiveDeployment extends Breaker implements DeploymentHealth {
  turn = 0
  readonly traffic: LiveTraffic

  constructor(id: string, reading: Slope) {
    super(id)
    this.traffic = new LiveTraffic(reading)
  }
}
