import { GatewayError } from "../core/error.ts"
import { NO_BODY } from "../core/exchange.ts"
import {
  asBuffer,
  type JsonField,
  type JsonObjectScan,
  parseField,
  scanObject,
} from "./json-scan.ts"
import type { Members } from "./json-members.ts"

/** Stands for an object or an array, which may be nested without end. */
const NESTED = Object.freeze({})

/** The top level of a JSON request, found without parsing what is in it. */
export class RequestBody implements Members {
  readonly scan: JsonObjectScan
  #body: Uint8Array

  constructor(body: Uint8Array, scan: JsonObjectScan) {
    this.#body = body
    this.scan = scan
  }

  /** The bytes as they came in. */
  get bytes(): Uint8Array {
    return this.#body
  }

  get(name: string): JsonField | undefined {
    const { fields } = this.scan
    for (let i = fields.length - 1; i >= 0; i--) {
      const field = fields[i]!
      if (field.key === name) return field
    }
    return undefined
  }

  /** The last member of each name. */
  all(): ReadonlyMap<string, JsonField> {
    return new Map(this.scan.fields.map((field) => [field.key, field]))
  }

  /**
   * A member's value; undefined for null and where there is none, an empty object for anything nested,
   * which is not parsed. @throws GatewayError `invalid-request`
   */
  scalar(name: string): unknown {
    const field = this.get(name)
    if (!field) return undefined
    try {
      return parseScalar(this.#body, field) ?? undefined
    } catch {
      throw invalid(`\`${name}\` is not valid JSON.`, name)
    }
  }

  /** Lets go of the bytes: from now on it may only be asked which members there were. */
  forget(): void {
    this.#body = NO_BODY
  }
}

/**
 * @param decisive names that routing reads. Two members of one of them could mean one thing here and
 *   another upstream, so they are refused; also those that differ in case, which programs in Go take
 *   for the same.
 * @throws GatewayError `invalid-request`
 */
export function openRequestBody(body: Uint8Array, decisive: readonly string[]): RequestBody {
  const scan = scanObject(body)
  if (!scan) throw notAnObject(body)
  const { fields } = scan
  let seen = 0
  for (let i = 0; i < fields.length; i++) {
    const { key } = fields[i]!
    for (let d = 0; d < decisive.length; d++) {
      const name = decisive[d]!
      if (key.length !== name.length) continue
      if (key === name) {
        if (seen & (1 << d)) throw invalid(`\`${key}\` is given twice.`, key)
        seen |= 1 << d
      } else if (key.toLowerCase() === name) {
        throw invalid(`\`${key}\` is not written so; it is \`${name}\`.`, key)
      }
    }
  }
  return new RequestBody(body, scan)
}

/** The value of a member; an empty object for anything nested. @throws SyntaxError */
export function parseScalar(body: Uint8Array, field: JsonField): unknown {
  const first = body[field.start]
  return first === 0x7b || first === 0x5b ? NESTED : parseField(body, field)
}

function notAnObject(body: Uint8Array): GatewayError {
  if (body.length === 0) return invalid("The request has no body; a JSON object is needed.")
  try {
    JSON.parse(asBuffer(body).toString("utf8"))
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message.replace(/^JSON Parse error: /, "") : ""
    return invalid(`The request body is not valid JSON: ${reason}.`)
  }
  return invalid("The request body must be a JSON object.")
}

function invalid(message: string, param?: string): GatewayError {
  return new GatewayError("invalid-request", message, param === undefined ? {} : { param })
}
