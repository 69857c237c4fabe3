// Preloaded into a router that is measured: answers each message with what was allocated so far.
import { heapStats } from "bun:jsc"
import type { Counters } from "./allocations.ts"

/** What Bun says of its native allocator, of which its types know nothing. */
interface WithNative {
  mimalloc: { malloc_normal_count: number; malloc_requested: number }
}

process.on("message", () => {
  const stats = heapStats()
  const { mimalloc } = stats as typeof stats & WithNative
  const counters: Counters = {
    heapBytes: stats.heapCapacity,
    nativeCount: mimalloc.malloc_normal_count,
  }
  process.send!(counters)
})
