// Preloaded into a router whose allocations are counted: a little waste in what each request calls.
const now = performance.now.bind(performance)
const dateNow = Date.now
let waste: unknown

performance.now = () => {
  waste = { last: new Array(1000).fill(0) }
  return now()
}

Date.now = () => {
  waste = { last: new Array(1000).fill(0) }
  return dateNow()
}

export const lastWaste = () => waste
