// A worker in a process of its own: does what it is told by its arguments, and says what it knows at the end.
import { createLock } from "../../src/workers/lock.ts"
import { openSharedMemory, slotOf } from "../../src/workers/memory.ts"
import { seeded } from "../routing/seeded.ts"
import { createDoer } from "./deeds.ts"
import { PROVIDER, takePart } from "./parts.ts"

/** A word of the shared memory that nothing else uses. */
const FREE_WORD = slotOf(63) + 15

async function main([what = "", folder = "", number = "0", times = "0"]: string[]): Promise<void> {
  const memory = openSharedMemory(folder)
  if (what === "hold") {
    createLock(memory).take()
    process.send!("held")
    // Whoever has the lock is killed.
    await new Promise(() => {})
  }
  process.send!("ready")
  await new Promise((resolve) => process.once("message", resolve))
  if (what === "count") {
    const lock = createLock(memory)
    for (let n = 0; n < Number(times); n++) {
      lock.take()
      memory.words[FREE_WORD]!++
      lock.give()
    }
    process.send!(memory.words[FREE_WORD])
    return
  }
  // A clock that is the same in all processes.
  const clock = { now: () => Date.now(), wall: () => Date.now() }
  const worker = await takePart(folder, Number(number), Number(number) + 1, clock)
  worker.knowledge.spending.begin([PROVIDER as never], () => new Map())
  const doer = createDoer(worker, seeded(Number(number) + 1))
  for (let n = 0; n < Number(times); n++) {
    doer.act()
    if (n % 100 === 0) worker.commons.answer()
  }
  doer.finish()
  process.send!("done")
  const answering = setInterval(() => worker.commons.answer(), 5)
  await new Promise((resolve) => process.once("message", resolve))
  clearInterval(answering)
  process.send!({ known: worker.known(), problems: worker.problems.map(String) })
}

await main(process.argv.slice(2))
process.disconnect!()
