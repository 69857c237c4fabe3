import type { Channel, Deployment, Group } from "../../core/routing.ts"
import type { Against, Filter } from "./filter.ts"

/** The tag of deployments that requests without tags go to first. */
const DEFAULT = "default"

/** By a table's own list, which steered copies of a group share. */
const withDefault = new WeakMap<readonly Deployment[], boolean>()

/** Whether a deployment has every tag that the request asks for. */
export const tags: Filter = {
  name: "tags",
  scope: "deployment",
  binding: true,
  checker({ tags: wanted }, group) {
    if (wanted.length > 0) return checkerFor(wanted, group.tagMatch === "strict")
    return hasDefault(group) ? isDefault : undefined
  },
}

function checkerFor(
  wanted: readonly string[],
  strict: boolean,
): (channel: Channel) => Against | undefined {
  return ({ deployment }) => {
    if (wanted.every((tag) => deployment.tags.includes(tag))) return undefined
    const missing = wanted.filter((tag) => !deployment.tags.includes(tag))
    const why = `has not the tag${missing.length > 1 ? "s" : ""} ${missing.join(", ")}`
    return strict ? { why } : { why, soft: true }
  }
}

function isDefault({ deployment }: Channel): Against | undefined {
  if (deployment.tags.includes(DEFAULT)) return undefined
  return { why: `is not tagged ${DEFAULT}`, soft: true }
}

function hasDefault({ deployments }: Group): boolean {
  let known = withDefault.get(deployments)
  if (known === undefined) {
    known = deployments.some(({ tags }) => tags.includes(DEFAULT))
    withDefault.set(deployments, known)
  }
  return known
}
