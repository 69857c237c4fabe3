/** Why a connection gave no answer, or not all of it: `code` says it, in the words of the system where it has one. */
export class ConnectionError extends Error {
  override readonly name = "ConnectionError"
  readonly code: string

  constructor(code: string, message: string) {
    super(message)
    this.code = code
  }
}

/** An answer that breaks the rules of HTTP/1.1. @param fault what is wrong with it */
export function invalidAnswer(fault: string): ConnectionError {
  return new ConnectionError("InvalidAnswer", `The answer is not valid HTTP/1.1: ${fault}.`)
}
