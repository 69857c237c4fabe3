import type { ParsedConfig } from "../parsed.ts"
import type { CheckContext } from "./check-context.ts"

export function checkCallers(_config: ParsedConfig, _context: CheckContext): void {}
