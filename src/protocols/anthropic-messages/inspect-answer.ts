import { GatewayError } from "../../core/error.ts"
import type { Operation } from "../../core/operation.ts"
import type { AnswerFacts } from "../../core/protocol.ts"
import { type MemberSink, parseValue, scanObject, skimObject } from "../../transport/json-scan.ts"
import { errorWithin } from "./upstream-error.ts"
import { createUsageMeter } from "./usage.ts"

/** @throws GatewayError when a 200 is not an answer at all */
export function inspectAnswer(operation: Operation, body: Uint8Array): AnswerFacts {
  const found = new AnswerMembers(operation === "count-tokens" ? "input_tokens" : "content")
  if (skimObject(body, found) < 0) {
    throw notAnAnswer(
      body.length === 0 ? "with an empty body" : "with something that is no JSON object",
    )
  }
  if (found.errors) throwError(body)
  if (!found.answers) {
    const names = scanObject(body)?.fields.map(({ key }) => key) ?? []
    throw notAnAnswer(`without an answer (${names.slice(0, 5)})`)
  }
  if (found.usage < 0) return { usage: undefined }
  const meter = createUsageMeter()
  meter.take(parse(body, found.usage, found.usageEnd))
  return { usage: meter.usage }
}

/** What of an answer is looked at. */
class AnswerMembers implements MemberSink {
  readonly #wanted: string
  answers = false
  errors = false
  /** Where the last of them stands. */
  usage = -1
  usageEnd = -1

  /** @param wanted what every answer has */
  constructor(wanted: string) {
    this.#wanted = wanted
  }

  member(key: string, start: number, end: number): void {
    if (key === this.#wanted) this.answers = true
    else if (key === "error") this.errors = true
    else if (key === "usage") {
      this.usage = start
      this.usageEnd = end
    }
  }
}

/** Some say that there is no error. */
function throwError(body: Uint8Array): void {
  for (const { key, start, end } of scanObject(body)?.fields ?? []) {
    const error = key === "error" && parse(body, start, end)
    if (error) throw errorWithin(error)
  }
}

/** @param how behind "The upstream answered 200" */
export function notAnAnswer(how: string, cause?: unknown): GatewayError {
  return new GatewayError("upstream-invalid", `The upstream answered 200 ${how}.`, {
    code: "upstream_invalid",
    ...(cause !== undefined && { cause }),
  })
}

function parse(body: Uint8Array, start: number, end: number): unknown {
  try {
    return parseValue(body, start, end)
  } catch (cause) {
    throw notAnAnswer("with broken JSON", cause)
  }
}
