import type { ParsedConfig } from "../parsed.ts"
import { checkCallers } from "./callers.ts"
import type { CheckContext } from "./check-context.ts"
import { checkGroups } from "./groups.ts"
import { checkProviders } from "./providers.ts"
import { checkServer } from "./server.ts"

/** Checks what the schema cannot say: names that must exist elsewhere, addresses, secrets that must be there. */
export function checkConfig(config: ParsedConfig, context: CheckContext): void {
  checkProviders(config, context)
  checkGroups(config, context)
  checkCallers(config, context)
  checkServer(config, context)
}
