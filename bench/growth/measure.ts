import { join } from "node:path"
import { spent } from "../part.ts"
import { MEASURED_CORE } from "../process.ts"
import type { Request } from "../request.ts"
import { startNginx } from "../start-nginx.ts"
import { startRouter } from "../start-router.ts"
import { summarise } from "../statistics.ts"
import type { Target } from "../target.ts"
import { load } from "../wrk.ts"
import type { Curve } from "./curves.ts"

/** What one request costs at one size, in microseconds of CPU. */
export interface Point {
  size: number
  router: number
  /** Undefined where nginx cannot do the same. */
  nginx: number | undefined
}

/** How long and how often. */
export interface Effort {
  /** Seconds before the first round: what is compiled while it runs is slow at first. */
  warmUp: number
  /** Seconds of a round. */
  seconds: number
  rounds: number
}

/** CPU of one request in the best round: what else the machine does can only add to it. */
async function cost(
  folder: string,
  target: Target,
  request: Request,
  connections: number,
  { warmUp, seconds, rounds }: Effort,
): Promise<number> {
  await load(folder, request, connections, warmUp)
  const costs: number[] = []
  for (let round = 0; round < rounds; round += 1) {
    const { result, cpu } = await spent(target, () => load(folder, request, connections, seconds))
    costs.push(cpu / result.requests)
  }
  return summarise(costs).low
}

/** Measures a curve, each size with a router, and an nginx, of its own. */
export async function measureCurve(
  curve: Curve,
  upstreamPort: number,
  folder: string,
  effort: Effort,
): Promise<Point[]> {
  const points: Point[] = []
  const at = async (target: Target, size: number) => {
    try {
      return await cost(folder, target, curve.request(target, size), curve.width(size), effort)
    } finally {
      await target.stop()
    }
  }
  for (const size of curve.sizes) {
    console.error(`${curve.title}: ${curve.show(size)}`)
    const place = (name: string) => ({
      cores: MEASURED_CORE,
      upstreamPort,
      folder: join(folder, `${name}-${curve.name}-${size}`),
    })
    const change = curve.config
    const router = await startRouter(
      place("router"),
      change && ((config) => change.call(curve, config, size)),
    )
    points.push({
      size,
      router: await at(router, size),
      nginx: curve.comparable ? await at(await startNginx(place("nginx")), size) : undefined,
    })
  }
  return points
}
