import type { Socket } from "bun"

/** Sends requests when they are due, whether earlier ones are answered or not, so that a stall is seen by all that fall into it. */
export interface OpenLoop {
  /** Opens so many connections, which are used in turn. */
  connect(count: number): Promise<void>
  /** Sends a request that was due at this moment; the milliseconds from then to its answer go into `times`. */
  send(wire: Buffer, due: number, times: number[]): void
  /** Waits for what is still open, until this moment. @returns how many requests failed, or are open yet */
  end(until: number): Promise<number>
}

interface Call {
  due: number
  rest: Buffer
  times: number[]
}

/** The end of an answer, which is about usage. It comes whole, or in two pieces of which the first has the status. */
const USAGE = Buffer.from("usage")
const STATUS = Buffer.from("HTTP/1.1")
const OK = Buffer.from("HTTP/1.1 200")

const beginsWith = (bytes: Buffer, what: Buffer) => bytes.subarray(0, what.length).equals(what)

function push(socket: Socket<Call | undefined>): void {
  const call = socket.data
  if (!call || call.rest.length === 0) return
  const written = socket.write(call.rest)
  if (written > 0) call.rest = call.rest.subarray(written)
}

/** Sends to a port of this machine, over at most so many connections. */
export function createOpenLoop(port: number, most = Number.POSITIVE_INFINITY): OpenLoop {
  // Who waited longest is next, so that all are used.
  const idle: Socket<Call | undefined>[] = []
  const waiting: Call[] = []
  let connections = 0
  let open = 0
  let failed = 0

  const fail = () => {
    open -= 1
    failed += 1
  }
  const take = (socket: Socket<Call | undefined>, call: Call) => {
    socket.data = call
    push(socket)
  }
  const dial = (call?: Call) => {
    connections += 1
    return Bun.connect<Call | undefined>({
      hostname: "127.0.0.1",
      port,
      data: call,
      socket: {
        open: push,
        drain: push,
        data(socket, bytes) {
          if (beginsWith(bytes, STATUS) && !beginsWith(bytes, OK)) failed += 1
          if (!bytes.includes(USAGE)) return
          const { due, times } = socket.data!
          open -= 1
          times.push(performance.now() - due)
          const next = waiting.shift()
          if (next) take(socket, next)
          else idle.push(socket)
        },
        close(socket) {
          connections -= 1
          const at = idle.indexOf(socket)
          if (at >= 0) idle.splice(at, 1)
          else fail()
        },
        error() {},
      },
    }).catch((error: unknown) => {
      connections -= 1
      throw error
    })
  }
  return {
    async connect(count) {
      while (idle.length < count) idle.push(await dial())
    },
    send(wire, due, times) {
      const call = { due, rest: wire, times }
      open += 1
      const free = idle.shift()
      if (free) take(free, call)
      else if (connections < most) dial(call).catch(fail)
      else waiting.push(call)
    },
    async end(until) {
      while (open > 0 && performance.now() < until) await Bun.sleep(5)
      return failed + open
    },
  }
}

/** Does something so often at equal distances of time, in milliseconds, and says when it was due. */
export async function atFixedTimes(
  times: number,
  gap: number,
  work: (due: number, index: number) => void,
): Promise<void> {
  const started = performance.now()
  for (let index = 0; index < times; ) {
    const due = started + index * gap
    const wait = due - performance.now()
    if (wait > 0) await Bun.sleep(wait)
    else {
      work(due, index)
      index += 1
    }
  }
}
