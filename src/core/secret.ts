const PRINTED = "[secret]"

/** A value that never prints: logs, JSON, templates and inspection all show `[secret]`. */
export class Secret {
  readonly #value: string
  /** Where it came from, safe to print: `env OPENAI_API_KEY`, `file /run/secrets/x`. */
  readonly origin: string
  /** Eight hex digits of its SHA-256, stable across restarts and safe to print. */
  readonly fingerprint: string

  constructor(value: string, origin = "config") {
    this.#value = value
    this.origin = origin
    this.fingerprint = new Bun.CryptoHasher("sha256").update(value).digest("hex").slice(0, 8)
  }

  /** The plain text, for the one place that sends or hashes it. */
  reveal(): string {
    return this.#value
  }

  toString(): string {
    return PRINTED
  }

  toJSON(): string {
    return PRINTED
  }

  [Symbol.toPrimitive](): string {
    return PRINTED
  }

  [Symbol.for("nodejs.util.inspect.custom")](): string {
    return PRINTED
  }
}
