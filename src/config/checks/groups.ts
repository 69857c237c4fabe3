import type { ParsedConfig } from "../parsed.ts"
import type { CheckContext } from "./check-context.ts"

export function checkGroups(_config: ParsedConfig, _context: CheckContext): void {}
