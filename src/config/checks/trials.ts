import { type Path, printPath } from "../finding.ts"
import type { ParsedModel } from "../parsed.ts"
import type { CheckContext } from "./check-context.ts"

/** Checks the shares that deployments of a group get for a trial. */
export function checkTrials(
  models: readonly (ParsedModel | undefined)[],
  path: Path,
  { report }: CheckContext,
): void {
  const shares = models.map((model) => (typeof model === "object" ? model.percent : undefined))
  const all = models.length > 0 && shares.every((share) => share !== undefined)
  if (all && models.length === 1) {
    report({
      code: "LR2055",
      path: [...path, 0, "percent"],
      at: "key",
      message: "`percent` has no effect on a group's only deployment",
      why: "there is none that the rest of the traffic could go to",
      hint: "remove it, or add a deployment without `percent`",
    })
    return
  }
  if (all) {
    report({
      code: "LR2056",
      path,
      at: "key",
      message: `every deployment of \`${printPath(path.slice(0, 2))}\` has a \`percent\``,
      why: "the rest of the traffic goes to the deployments without one",
      hint: "leave it out where the rest should go",
    })
    return
  }
  let sum = 0
  for (const [index, share = 0] of shares.entries()) {
    sum += share
    if (sum <= 100) continue
    report({
      code: "LR2056",
      path: [...path, index, "percent"],
      message: `the trials of \`${printPath(path.slice(0, 2))}\` take more than all of its traffic: ${shares
        .filter((part) => part !== undefined)
        .map((part) => `${part} %`)
        .join(" + ")}`,
      why: "all percentages of a group make at most 100 together",
      hint: "lower one of them",
    })
    return
  }
}
