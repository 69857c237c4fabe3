import type { UsageRow } from "../core/ledger.ts"
import { rememberKinds } from "../core/row-kinds.ts"
import { redact } from "./redact.ts"

/** Ids that the router gives: JSON writes them as they are, and no key looks like them. */
const OWN_ID = /^req_[0-9a-f]*$/

/** Pieces of a line that are the same for all rows of a kind, without secrets. */
const pieces = rememberKinds((row) => {
  const { key, operation, requested, group, deployment, channel, status, error, stream } = row
  const { attempts, usage, client, continued } = row
  const asked = { key, operation, requested, group, deployment, channel, status, error, stream }
  return {
    begin: inside({ ...asked, attempts }),
    usage: inside({ usage }),
    end: inside({ continued, mirrorOf: null, client }),
  }
})

const inside = (fields: object) => redact(JSON.stringify(fields)).slice(1, -1)

/**
 * The JSON log line of a request that went well, most of which is not written anew. All fields are there
 * but its route: the ledger has the way of each request; a line of every one of them would be ten times
 * as long.
 *
 * @returns undefined where it has to be written by its names
 */
export function requestLine(row: UsageRow): string | undefined {
  const { id, time, ttft, duration, input, output, cacheRead, cacheWrite, reasoning } = row
  const { cost, wasted } = row
  const sum = (ttft ?? 0) + duration + input + output + cacheRead + cacheWrite + reasoning
  if (row.mirrorOf !== null || !Number.isFinite(sum + (cost ?? 0) + wasted)) return undefined
  if (!OWN_ID.test(id)) return undefined
  const { begin, usage, end } = pieces(row)
  return `{"time":"${isoTime(time)}","level":"info","message":"request","id":"${id}",${begin},"ttft":${ttft},"duration":${duration},"input":${input},"output":${output},"cacheRead":${cacheRead},"cacheWrite":${cacheWrite},"reasoning":${reasoning},${usage},"cost":${cost},"wasted":${wasted},${end}}\n`
}

const SECOND_MS = 1000
const DIGITS = 3

let second = Number.NaN
let secondText = ""

/** As `toISOString`, which costs ten times as much. */
function isoTime(ms: number): string {
  const begun = ms - (ms % SECOND_MS)
  if (begun !== second) {
    second = begun
    secondText = new Date(begun).toISOString().slice(0, -DIGITS - 1)
  }
  return `${secondText}${String(ms - begun).padStart(DIGITS, "0")}Z`
}
