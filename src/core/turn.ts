/** Bytes of a body from which on each pass over it is felt by those who wait meanwhile. */
export const LARGE_BODY = 1024 * 1024

/** Resolves when all others for whom something has come were served: between two parts of long work. */
export function nextTurn(): Promise<void> {
  // What is put off once comes before sockets are looked at.
  return new Promise((resolve) => setImmediate(() => setImmediate(resolve)))
}
