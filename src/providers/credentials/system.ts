import { systemClock } from "../../core/clock.ts"
import { createHttpSend } from "../../transport/http.ts"
import type { CredentialContext } from "./token-request.ts"

/** The real world: this process's environment, this machine's files, HTTP. */
export const systemContext: CredentialContext = {
  send: createHttpSend(systemClock),
  clock: systemClock,
  env: process.env,
  readFile: (path) => Bun.file(path).text(),
}
