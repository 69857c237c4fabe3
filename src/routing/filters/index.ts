import type { Spending } from "../../core/spending.ts"
import { budgetFilter } from "./budget.ts"
import { capability } from "./capability.ts"
import type { Filter } from "./filter.ts"
import { limits } from "./limits.ts"
import { region } from "./region.ts"
import { tags } from "./tags.ts"
import { toldLimits } from "./told-limits.ts"
import { window } from "./window.ts"

/**
 * Every filter that needs nothing but what routing has. What never passes comes before what does, so
 * that nobody is told to come back for nothing; then the cheapest come first.
 */
export const filters: readonly Filter[] = [region, tags, window, capability, limits, toldLimits]

/** Every filter. */
export function createFilters(spending: Spending): readonly Filter[] {
  return [...filters, budgetFilter(spending)]
}
