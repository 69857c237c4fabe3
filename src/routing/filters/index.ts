import type { Filter } from "./filter.ts"

/** Every filter, cheapest first. */
export const filters: readonly Filter[] = []
