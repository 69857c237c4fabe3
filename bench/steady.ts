import { runAside } from "./process.ts"
import { type Request, wireOf } from "./request.ts"

/** What the program that sends requests at fixed times is told, as JSON. */
export interface SteadyOrder {
  port: number
  /** The request, as it is on the wire. */
  wire: string
  /** Connections, which are used in turn. */
  width: number
  perSecond: number
  seconds: number
}

/** What it says; milliseconds from the moment at which a request was due to its answer. */
export interface SteadyReport {
  requests: number
  p50: number
  p99: number
  failed: number
}

/** Sends so many requests a second over so many connections, whether they are answered or not. @throws when one failed */
export async function askSteadily(
  request: Request,
  how: Omit<SteadyOrder, "port" | "wire">,
): Promise<SteadyReport> {
  const order: SteadyOrder = { port: request.port, wire: wireOf(request).toString(), ...how }
  const report = await runAside<SteadyReport>("steady-client.ts", [JSON.stringify(order)])
  if (report.failed > 0 || report.requests === 0) {
    const { failed, requests } = report
    throw new Error(`${failed} steady requests to port ${request.port} failed, ${requests} did not`)
  }
  return report
}
