import type { Strategy } from "../../core/routing.ts"

/** In config order: the first that works gets everything. */
export const priority: Strategy = {
  name: "priority",
  description: "Tries deployments in the order of the config",
  order: (candidates) => candidates,
}
