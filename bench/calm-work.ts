// A piece of work that is always the same, in a process of its own: prints the milliseconds it took.
// `bun bench/calm-work.ts`
// It steps through memory as programs of many small objects do, for that is what neighbours slow down most.
const WORDS = 1 << 22
const STEPS = 200_000
const memory = new Int32Array(WORDS).fill(0)

function walk(): number {
  let at = 0
  for (let step = 0; step < STEPS; step += 1) {
    // Each step needs what the last one read, so none can begin early.
    at = (Math.imul(at + memory[at]!, 1_664_525) + 1_013_904_223) & (WORDS - 1)
  }
  return at
}

walk() // Compiled from here on.
const before = performance.now()
memory[walk()] = 0
process.stdout.write(`${performance.now() - before}\n`)
