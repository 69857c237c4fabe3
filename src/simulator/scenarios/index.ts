import type { Scenario } from "../scenario.ts"
import { agentSessions } from "./agent-sessions.ts"
import { brownOut } from "./brown-out.ts"
import { deadKey } from "./dead-key.ts"
import { flapping } from "./flapping.ts"
import { longContext } from "./long-context.ts"
import { priceGap } from "./price-gap.ts"
import { rateLimitStorm } from "./rate-limit-storm.ts"
import { slowStart } from "./slow-start.ts"
import { thunderingRecovery } from "./thundering-recovery.ts"
import { totalOutage } from "./total-outage.ts"

/** Every scenario that ships, in the order of the docs' table. */
export const scenarios: readonly Scenario[] = [
  brownOut,
  deadKey,
  rateLimitStorm,
  slowStart,
  priceGap,
  flapping,
  thunderingRecovery,
  longContext,
  agentSessions,
  totalOutage,
]
