/** What happens at which virtual time: a binary heap. What is due at once happens in the order it was put down. */
export interface Agenda {
  readonly size: number
  add(at: number, run: () => void): void
  /** Time of what is next; Infinity when there is nothing. */
  next(): number
  take(): () => void
}

export function createAgenda(): Agenda {
  const times: number[] = []
  const orders: number[] = []
  const runs: (() => void)[] = []
  let order = 0

  const before = (a: number, b: number) =>
    times[a]! < times[b]! || (times[a] === times[b] && orders[a]! < orders[b]!)

  function swap(a: number, b: number): void {
    const time = times[a]!
    const place = orders[a]!
    const run = runs[a]!
    times[a] = times[b]!
    orders[a] = orders[b]!
    runs[a] = runs[b]!
    times[b] = time
    orders[b] = place
    runs[b] = run
  }

  return {
    get size() {
      return times.length
    },
    add(at, run) {
      let child = times.length
      times.push(at)
      orders.push(order++)
      runs.push(run)
      while (child > 0) {
        const parent = (child - 1) >> 1
        if (!before(child, parent)) return
        swap(child, parent)
        child = parent
      }
    },
    next: () => times[0] ?? Number.POSITIVE_INFINITY,
    take() {
      const run = runs[0]!
      swap(0, times.length - 1)
      times.pop()
      orders.pop()
      runs.pop()
      let parent = 0
      for (;;) {
        let least = parent
        const child = 2 * parent + 1
        if (child < times.length && before(child, least)) least = child
        if (child + 1 < times.length && before(child + 1, least)) least = child + 1
        if (least === parent) return run
        swap(least, parent)
        parent = least
      }
    },
  }
}
