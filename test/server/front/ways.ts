import { chunks, request } from "./requests.ts"

/** The two ways that a request with a body may go: served by the front, or passed on. */
export const WAYS: Readonly<Record<string, (body: string) => Buffer>> = {
  "served by the front": (body) => request({ body }),
  "passed on": (body) =>
    request({ framing: ["transfer-encoding: chunked"], body: chunks(body, 65_536) }),
}

/** The same, for tests of each. */
export const BOTH_WAYS = Object.entries(WAYS)

/** And a third one, after which no connection is kept: without chunks, streams end with it. */
export const ALL_WAYS = [
  ...BOTH_WAYS,
  ["of version 1.0", (body: string) => request({ version: "HTTP/1.0", body })] as const,
]
