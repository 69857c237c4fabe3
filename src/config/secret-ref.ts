/** Where a secret was asked for: a file and a place in it, both from 1. */
export interface Site {
  file: string
  line: number
  column: number
}

const PRINTED = "[secret]"

/** A secret that a config names and that the loader looks up later. Holds no value and prints none. */
export class SecretRef {
  readonly kind: "env" | "file"
  /** Name of the environment variable, or the file's path. */
  readonly name: string
  /** Whether it may be missing without a warning. */
  readonly optional: boolean
  /** The user's own line that asked for it; its caller's where the call is the last thing a function does. */
  readonly site?: Site

  constructor(kind: "env" | "file", name: string, optional: boolean, site?: Site) {
    this.kind = kind
    this.name = name
    this.optional = optional
    if (site) this.site = site
  }

  toString(): typeof PRINTED {
    return PRINTED
  }

  toJSON(): typeof PRINTED {
    return PRINTED
  }

  [Symbol.toPrimitive](): typeof PRINTED {
    return PRINTED
  }

  [Symbol.for("nodejs.util.inspect.custom")](): string {
    return `${this.kind}(${JSON.stringify(this.name)})`
  }
}

// The engine's own frames, as of `["A"].map(env)`, name no file with a dot in it.
const FRAME =
  /^\s*at (?:(?:async |new )?[\w$.<>]+ \()?(?:file:\/\/)?([^\n]*\.[^\n]*):(\d+):(\d+)\)?$/m

/** The place that called `below`, from the stack, where tail calls leave no frame. */
export function callSite(below: (...args: never[]) => unknown): Site | undefined {
  const holder: { stack?: string } = {}
  Error.captureStackTrace(holder, below)
  const [, file, line, column] = holder.stack?.match(FRAME) ?? []
  return file ? { file, line: Number(line), column: Number(column) } : undefined
}
