/** Longer than any process lives between two of its turns. */
const NEVER = 2 ** 31 - 1

let busy = 0
let timer: ReturnType<typeof setInterval> | undefined

/**
 * Keeps the process from ending while somebody waits for an answer. Sockets do not: a program that is
 * done must not wait for its idle connections, and to change each socket for each request costs more.
 */
export function stayAwake(): void {
  if (busy++ > 0) return
  timer ??= setInterval(() => {}, NEVER)
  timer.ref()
}

/** Undoes one `stayAwake`. */
export function maySleep(): void {
  if (--busy === 0) timer?.unref()
}
