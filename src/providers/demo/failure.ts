/** A request that the demo refuses, as OpenAI would say it. */
export class Refusal extends Error {
  readonly status: number
  readonly param: string | null
  readonly code: string | null

  constructor(status: number, message: string, param: string | null, code: string | null) {
    super(message)
    this.status = status
    this.param = param
    this.code = code
  }
}

/** A 400 about one field; `value` is shown, shortened, when it is given. */
export function invalid(
  param: string,
  why: string,
  value?: unknown,
  code = "invalid_value",
): Refusal {
  const shown = value === undefined ? "" : ` Got ${(JSON.stringify(value) ?? "").slice(0, 80)}.`
  return new Refusal(400, `Invalid '${param}': ${why}.${shown}`, param, code)
}

/** A 400 about a field that is not there. */
export function missing(param: string): Refusal {
  const message = `Missing required parameter: '${param}'.`
  return new Refusal(400, message, param, "missing_required_parameter")
}
