import type { HeaderView } from "../core/byte-source.ts"
import { parseDuration } from "../core/units.ts"
import { GatewayError } from "../core/error.ts"
import type { Exchange } from "../core/exchange.ts"
import { asBuffer, parseField, scanObject } from "../transport/json-scan.ts"
import { spliceObject } from "../transport/json-splice.ts"

/** What a caller may decide of its request's way, in `x-llmrouter-*` headers or the body's `llmrouter`. */
export interface Steering {
  /** Name or alias of a strategy. */
  readonly strategy?: string
  /** Groups, or `provider/model`, instead of the group's own fallbacks. */
  readonly fallbacks?: readonly string[]
  readonly tags?: readonly string[]
  readonly region?: string
  /** Milliseconds until the answer has to begin. */
  readonly timeout?: number
}

const MEMBER = "llmrouter"
const MARK = Buffer.from(`"${MEMBER}"`)
/** Bytes of the member: what it may say is short. */
const LARGEST = 16 * 1024
/** Words of one list, and characters of one word. */
const MOST = 16
const LONGEST = 256

const NAMES = ["strategy", "fallbacks", "tags", "region", "timeout"] as const
type Name = (typeof NAMES)[number]
const OWN = "x-llmrouter-"
const headerOf = (name: string) => `${OWN}${name}`
const HEADERS = NAMES.map((name) => ({
  name,
  header: headerOf(name),
  list: name === "tags" || name === "fallbacks",
}))
const NOTHING: Steering = Object.freeze({})

/**
 * Reads what the caller decides; the body wins over headers, and tags of both count. Takes the body's
 * member out, since no upstream knows it.
 *
 * @param fromHeaders what they decide
 * @throws GatewayError `invalid-request`
 */
export function readSteering(exchange: Exchange, fromHeaders: Steering): Steering {
  const fromBody = takeMember(exchange)
  if (!fromBody) return fromHeaders
  const tags = [...(fromHeaders.tags ?? []), ...(fromBody.tags ?? [])]
  return { ...fromHeaders, ...fromBody, ...(tags.length > 0 && { tags }) }
}

/** What headers decide. @throws GatewayError `invalid-request` */
export function steeringOf(headers: HeaderView): Steering {
  // Each name would be looked for in vain.
  const own = headers.hasBeginning?.(OWN) === false ? NOTHING : readOwn(headers)
  const seconds = headers.get(OTHER_TIMEOUT)
  if (seconds === null || own.timeout !== undefined) return own
  const timeout = /^\d+(\.\d+)?$/.test(seconds) ? `${seconds}s` : seconds
  return { ...own, timeout: time(timeout, OTHER_TIMEOUT) }
}

function readOwn(headers: HeaderView): Steering {
  let found: Partial<Record<Name, unknown>> | undefined
  for (const { name, header, list } of HEADERS) {
    const value = headers.get(header)
    if (value === null || value.trim() === "") continue
    found ??= {}
    found[name] = list ? wordsOf(value) : value.trim()
  }
  return found ? check(found, headerOf) : NOTHING
}

/** In seconds, as callers of other gateways send it. */
const OTHER_TIMEOUT = "x-request-timeout"

/** The words of a list in a header, which may have empty places. */
function wordsOf(list: string): string[] {
  return list
    .split(",")
    .map((word) => word.trim())
    .filter((word) => word !== "")
}

function takeMember(exchange: Exchange): Steering | undefined {
  const { body } = exchange
  // Inside a string the quotes would be escaped: nearly always this finds the member or nothing.
  if (!asBuffer(body).includes(MARK)) return undefined
  const scan = scanObject(body)
  const fields = scan?.fields.filter(({ key }) => key === MEMBER) ?? []
  const [field, second] = fields
  if (!field) return undefined
  if (second) throw invalid(`\`${MEMBER}\` is given twice.`, MEMBER)
  if (field.end - field.start > LARGEST) {
    throw invalid(`\`${MEMBER}\` is larger than ${LARGEST} bytes.`, MEMBER)
  }
  let value: unknown
  try {
    value = parseField(body, field)
  } catch {
    throw invalid(`\`${MEMBER}\` is not valid JSON.`, MEMBER)
  }
  if (typeof value !== "object" || value === null || Array.isArray(value)) {
    throw invalid(`\`${MEMBER}\` must be an object, such as {"tags": ["eu"]}.`, MEMBER)
  }
  exchange.body = spliceObject(body, { set: new Map(), remove: [MEMBER] }, scan)
  return check(value as Record<string, unknown>, (name) => `${MEMBER}.${name}`)
}

function check(given: Record<string, unknown>, place: (name: string) => string): Steering {
  const steering: { -readonly [Key in Name]?: Steering[Key] } = {}
  for (const [name, value] of Object.entries(given)) {
    if (value === null || value === undefined) continue
    switch (name) {
      case "strategy":
      case "region":
        steering[name] = word(value, place(name))
        break
      case "tags":
      case "fallbacks":
        steering[name] = words(value, place(name))
        break
      case "timeout":
        steering.timeout = time(value, place(name))
        break
      default:
        throw invalid(
          `\`${place(name.slice(0, 64))}\` is not known; there is ${NAMES.map((known) => `\`${known}\``).join(", ")}.`,
          place(name.slice(0, 64)),
        )
    }
  }
  return steering
}

function word(value: unknown, param: string): string {
  if (typeof value === "string" && value !== "" && value.length <= LONGEST) return value
  throw invalid(`\`${param}\` must be a text of 1 to ${LONGEST} characters.`, param)
}

function words(value: unknown, param: string): string[] {
  const list = typeof value === "string" ? [value] : value
  if (!Array.isArray(list) || list.length > MOST) {
    throw invalid(`\`${param}\` must be a list of at most ${MOST} texts.`, param)
  }
  return list.map((item) => word(item, param))
}

function time(value: unknown, param: string): number {
  const text = typeof value === "string" && /^\d+$/.test(value) ? Number(value) : value
  const ms = typeof text === "number" || typeof text === "string" ? parseDuration(text) : undefined
  if (ms !== undefined && ms > 0) return ms
  throw invalid(
    `\`${param}\` must be a time above 0, such as "30s", or a number of milliseconds.`,
    param,
  )
}

function invalid(message: string, param: string): GatewayError {
  return new GatewayError("invalid-request", message, { code: "invalid_steering", param })
}
