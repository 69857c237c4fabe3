import type { Deployment, Group, RoutingRequest } from "../core/routing.ts"

/**
 * The deployment on trial whose share of the group's traffic a request belongs to; undefined is none.
 * A conversation belongs to one for as long as the shares stay as they are.
 *
 * @param random a number in [0, 1), asked for only where there is a trial and no conversation
 */
export function chosenCanary(
  { name, deployments }: Group,
  request: RoutingRequest,
  random: () => number,
): Deployment | undefined {
  let draw = Number.NaN
  for (const deployment of deployments) {
    const { percent } = deployment
    if (percent === undefined) continue
    if (Number.isNaN(draw)) {
      const { session } = request
      // Salted by the group, so that it is not the same conversations that try everything out.
      const place =
        session === undefined ? random() : Bun.hash.xxHash32(`${name} ${session}`) / 2 ** 32
      draw = 100 * place
    }
    if (draw < percent) return deployment
    draw -= percent
  }
  return undefined
}
