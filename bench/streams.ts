import { runAside } from "./process.ts"
import { type Request, wireOf } from "./request.ts"
import { CHUNKS } from "./payload.ts"

/** What the programs that read streams are told, as JSON. */
export interface StreamOrder {
  port: number
  /** The request, as it is on the wire. */
  wire: string
  /** Streams at once. */
  width: number
  /** Streams are begun for so many seconds. */
  seconds: number
  /** Streams are left so often, instead, each after its first event. */
  leave: number
}

/** What those programs say. */
export interface StreamReport {
  finished: number
  failed: number
  seconds: number
}

/** Streams that were read. */
export interface StreamResult {
  events: number
  perSecond: number
}

/** Reads streams, so many at once, for so many seconds. @throws when one was not whole. */
export async function readStreams(
  request: Request,
  width: number,
  seconds: number,
): Promise<StreamResult> {
  const report = await order("stream-client.ts", request, { width, seconds, leave: 0 })
  const events = report.finished * CHUNKS
  return { events, perSecond: events / report.seconds }
}

/** Leaves so many streams, each after its first event. @throws when one did not begin. */
export async function leaveStreams(request: Request, count: number): Promise<void> {
  await order("leaving-client.ts", request, { width: 64, seconds: 0, leave: count })
}

async function order(
  program: string,
  request: Request,
  rest: Omit<StreamOrder, "port" | "wire">,
): Promise<StreamReport> {
  const whole: StreamOrder = { port: request.port, wire: wireOf(request).toString(), ...rest }
  const report = await runAside<StreamReport>(program, [JSON.stringify(whole)])
  if (report.failed > 0 || report.finished === 0) {
    const at = `${request.path} of port ${request.port}`
    throw new Error(`${report.failed} streams from ${at} failed, ${report.finished} did not`)
  }
  return report
}
