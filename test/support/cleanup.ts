import { afterEach } from "bun:test"

/** Closes after each test what the test has opened through the returned function. */
export function closing(): <T extends { close(): unknown }>(opened: T | Promise<T>) => Promise<T> {
  const open: { close(): unknown }[] = []
  afterEach(async () => {
    await Promise.all(open.splice(0).map((each) => each.close()))
  })
  return async (opened) => {
    const value = await opened
    open.push(value)
    return value
  }
}

/** Resolves once the condition holds. @throws Error after `within` milliseconds */
export async function until(condition: () => unknown, within = 10_000): Promise<void> {
  const limit = performance.now() + within
  while (!(await condition())) {
    if (performance.now() > limit) throw new Error(`it did not come true: ${condition}`)
    await Bun.sleep(5)
  }
}
