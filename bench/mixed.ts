import { runAside } from "./process.ts"
import { type Request, wireOf } from "./request.ts"

/** Bytes of a large body. */
export const LARGE = 8_000_000

/** Small requests a second; a large one comes once a second. */
export const SMALL_PER_SECOND = 100

/** What the program that mixes requests is told, as JSON in a file. */
export interface MixedOrder {
  port: number
  small: string
  large: string
  seconds: number
}

/** What it says. Milliseconds from the moment at which a request was due to its answer. */
export interface MixedReport {
  small: number[]
  large: number[]
  failed: number
}

/** Sends 100 small requests a second, and one large one, whether they are answered or not. */
export async function mix(
  folder: string,
  small: Request,
  large: Request,
  seconds: number,
): Promise<MixedReport> {
  const order: MixedOrder = {
    port: small.port,
    small: wireOf(small).toString(),
    large: wireOf(large).toString(),
    seconds,
  }
  const path = `${folder}/mixed.json`
  await Bun.write(path, JSON.stringify(order))
  const report = await runAside<MixedReport>("mixed-client.ts", [path])
  if (report.failed > 0 || report.small.length === 0) {
    throw new Error(`${report.failed} requests to port ${small.port} failed beside large bodies`)
  }
  return report
}
