import type { Capabilities } from "../core/capabilities.ts"
import { NEEDS, type Need } from "../core/needs.ts"
import type { DeclaredCapabilities } from "../core/settings.ts"

/** What a model does not do: what the config says, else what every way of speaking to it rules out. */
export function lacksOf(
  declared: DeclaredCapabilities["needs"],
  spoken: readonly Capabilities[],
): { lacks: readonly Need[]; denies: readonly Need[] } {
  const denies = NEEDS.filter((need) => declared[need] === false)
  const lacks = NEEDS.filter(
    (need) => declared[need] === false || (declared[need] === undefined && lackedByAll(need)),
  )
  return { lacks, denies }

  function lackedByAll(need: Need): boolean {
    return spoken.length > 0 && spoken.every((capabilities) => rulesOut(capabilities, need))
  }
}

function rulesOut(capabilities: Capabilities, need: Need): boolean {
  switch (need) {
    case "tools":
    case "parallel-tools":
      return capabilities.tools === false
    case "vision":
      return capabilities.images === false
    case "audio":
      return capabilities.audio === false
    case "documents":
      return capabilities.documents === false
    case "video":
      return capabilities.video === false
    case "json-schema":
      return capabilities.schema === "none"
    case "reasoning":
      return capabilities.reasoning === "none"
    case "streaming":
      return false
  }
}
