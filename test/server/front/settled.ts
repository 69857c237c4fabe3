import { until } from "../../support/cleanup.ts"

/** Resolves when a count has not grown for a while. */
export async function settled(count: () => number): Promise<number> {
  let last = -1
  await until(async () => {
    const before = last
    last = count()
    if (before !== last) await Bun.sleep(300)
    return before === last
  }, 20_000)
  return last
}
