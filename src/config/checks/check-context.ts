import type { Environment } from "../environment.ts"
import type { Report } from "../finding.ts"

/** What a check may ask for. */
export interface CheckContext {
  environment: Environment
  report: Report
}
