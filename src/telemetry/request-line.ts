import { MOST_DIGITS, putFixed, putMaybe, putNumber, putText } from "../core/digits.ts"
import type { UsageRow } from "../core/ledger.ts"
import { rememberKinds } from "../core/row-kinds.ts"
import { redact } from "./redact.ts"

/** Where a line is written to. */
export interface Page {
  readonly bytes: Uint8Array
  /** Where the next line begins. */
  end: number
}

/**
 * A page with room for a line of so many bytes; undefined when none is so large.
 * Whoever asks writes the line before anybody else does anything.
 */
export type Room = (bytes: number) => Page | undefined

const encoder = new TextEncoder()
const bytesOf = (text: string) => encoder.encode(text)

/** Pieces of a line that are the same for all rows of a kind, without secrets. */
const pieces = rememberKinds((row) => {
  const { key, operation, requested, group, deployment, channel, status, error, stream } = row
  const { attempts, usage, client, continued } = row
  const asked = { key, operation, requested, group, deployment, channel, status, error, stream }
  const cost = `,${inside({ usage })},"cost":`
  const end = `,${inside({ continued, mirrorOf: null, client })}}\n`
  return {
    begin: bytesOf(`",${inside({ ...asked, attempts })},"ttft":`),
    cost: bytesOf(cost),
    plainCost: bytesOf(`,"cacheRead":0,"cacheWrite":0,"reasoning":0${cost}`),
    end: bytesOf(end),
    plainEnd: bytesOf(`,"wasted":0${end}`),
  }
})

const inside = (fields: object) => redact(JSON.stringify(fields)).slice(1, -1)

const HEAD = '{"time":"'
const ID = bytesOf('Z","level":"info","message":"request","id":"')

/** Bytes of all that is not in a kind's pieces, but for the id. */
const REST = 256 + 9 * MOST_DIGITS

/**
 * Writes the JSON log line of a request that went well, most of which is as it was for others. All fields
 * are there but its route: the ledger has the way of each request; a line of every one of them would be
 * ten times as long.
 *
 * @returns false where it has to be written by its names
 */
export function requestLine(row: UsageRow, room: Room): boolean {
  const { id, ttft, duration, input, output, cacheRead, cacheWrite, reasoning, cost, wasted } = row
  const sum = (ttft ?? 0) + duration + input + output + cacheRead + cacheWrite + reasoning
  if (row.mirrorOf !== null || !Number.isFinite(sum + (cost ?? 0) + wasted)) return false
  const kind = pieces(row)
  const { begin, plainCost, plainEnd } = kind
  const page = room(begin.length + plainCost.length + plainEnd.length + id.length + REST)
  if (!page) return false
  const { bytes } = page
  let at = putTime(bytes, page.end, row.time)
  at = putId(bytes, put(bytes, at, ID), id)
  if (at < 0) return false
  at = putMaybe(bytes, put(bytes, at, begin), ttft)
  at = putNumber(bytes, putText(bytes, at, ',"duration":'), duration)
  at = putNumber(bytes, putText(bytes, at, ',"input":'), input)
  at = putNumber(bytes, putText(bytes, at, ',"output":'), output)
  if (cacheRead === 0 && cacheWrite === 0 && reasoning === 0) at = put(bytes, at, plainCost)
  else {
    at = putNumber(bytes, putText(bytes, at, ',"cacheRead":'), cacheRead)
    at = putNumber(bytes, putText(bytes, at, ',"cacheWrite":'), cacheWrite)
    at = putNumber(bytes, putText(bytes, at, ',"reasoning":'), reasoning)
    at = put(bytes, at, kind.cost)
  }
  at = putMaybe(bytes, at, cost)
  if (wasted === 0) at = put(bytes, at, plainEnd)
  else at = put(bytes, putNumber(bytes, putText(bytes, at, ',"wasted":'), wasted), kind.end)
  page.end = at
  return true
}

function put(bytes: Uint8Array, at: number, piece: Uint8Array): number {
  bytes.set(piece, at)
  return at + piece.length
}

const OWN_ID = "req_"

/** An id that the router gives: JSON writes it as it is, and no key looks like it. Below 0 for another one. */
function putId(bytes: Uint8Array, at: number, id: string): number {
  if (!id.startsWith(OWN_ID)) return -1
  for (let n = OWN_ID.length; n < id.length; n++) {
    const code = id.charCodeAt(n)
    const isHex = (code >= 0x30 && code <= 0x39) || (code >= 0x61 && code <= 0x66)
    if (!isHex) return -1
    bytes[at + n] = code
  }
  putText(bytes, at, OWN_ID)
  return at + id.length
}

const SECOND_MS = 1000
const DIGITS = 3

let second = Number.NaN
let secondHead = bytesOf("")

/** As `toISOString` but for the `Z`, at a tenth of the cost; with what is before it. */
function putTime(bytes: Uint8Array, at: number, ms: number): number {
  const begun = ms - (ms % SECOND_MS)
  if (begun !== second) {
    second = begun
    secondHead = bytesOf(HEAD + new Date(begun).toISOString().slice(0, -DIGITS - 1))
  }
  return putFixed(bytes, put(bytes, at, secondHead), ms - begun, DIGITS)
}
