import { GatewayError } from "../../../src/core/error.ts"
import { generateKeyPairSync } from "node:crypto"
import { type Clock, systemClock } from "../../../src/core/clock.ts"
import { PLAIN_PROVIDER } from "../../../src/core/plain-settings.ts"
import type { ProviderSettings } from "../../../src/core/settings.ts"
import type { CredentialContext } from "../../../src/providers/credentials/token-request.ts"
import { createHttpSend } from "../../../src/transport/http.ts"

/** What a server got. */
export interface Call {
  method: string
  path: string
  query: URLSearchParams
  headers: Headers
  text: string
  form: URLSearchParams
}

type Answer = (call: Call, index: number) => Response | Promise<Response>

/** A listening HTTP server that remembers what it was asked. */
export interface TokenServer {
  url: string
  host: string
  calls: Call[]
  answer: Answer
  stop(): Promise<void>
}

export function startServer(answer: Answer): TokenServer {
  const calls: Call[] = []
  const server = Bun.serve({
    port: 0,
    hostname: "127.0.0.1",
    async fetch(request) {
      const { pathname, searchParams } = new URL(request.url)
      const text = await request.text()
      const call: Call = {
        method: request.method,
        path: pathname,
        query: searchParams,
        headers: request.headers,
        text,
        form: new URLSearchParams(text),
      }
      calls.push(call)
      return await started.answer(call, calls.length - 1)
    },
  })
  const started: TokenServer = {
    url: `http://127.0.0.1:${server.port}`,
    host: `127.0.0.1:${server.port}`,
    calls,
    answer,
    stop: () => server.stop(true),
  }
  return started
}

/** A server that hands out `token-1`, `token-2`, … */
export function startTokenServer(seconds = 3600): TokenServer {
  return startServer((_call, index) =>
    Response.json({
      access_token: `token-${index + 1}`,
      expires_in: seconds,
      token_type: "Bearer",
    }),
  )
}

/** A clock that stands still until it is moved. */
export interface HandClock extends Clock {
  forward(ms: number): void
}

export function handClock(start = 1_800_000_000_000): HandClock {
  let time = start
  return {
    now: () => time,
    wall: () => time,
    forward(ms) {
      time += ms
    },
  }
}

/** A world with nothing in it but HTTP. */
export function worldOf(parts: Partial<CredentialContext> = {}): CredentialContext {
  return {
    send: createHttpSend(systemClock),
    clock: systemClock,
    env: {},
    readFile: (path) => Promise.reject(new Error(`no file ${path}`)),
    ...parts,
  }
}

export const rsa = generateKeyPairSync("rsa", { modulusLength: 2048 })

export const privateKey = rsa.privateKey.export({ type: "pkcs8", format: "pem" }).toString()

/** The text of a service account's key file, as Google makes them. */
export function serviceAccount(tokenUri: string, more: Record<string, unknown> = {}): string {
  return JSON.stringify(
    {
      type: "service_account",
      project_id: "file-project",
      private_key_id: "key-1",
      private_key: privateKey,
      client_email: "robot@file-project.iam.gserviceaccount.com",
      client_id: "1",
      token_uri: tokenUri,
      ...more,
    },
    undefined,
    2,
  )
}

export function settingsOf(parts: Partial<ProviderSettings> & { type: string }): ProviderSettings {
  return {
    ...PLAIN_PROVIDER,
    name: parts.type,
    ...parts,
  }
}

export const patience = (): AbortSignal => AbortSignal.timeout(20_000)

/** One turn of the event loop. */
export const nextTurn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve))

/** Waits for something that happens beside the test. */
export async function until(holds: () => boolean | Promise<boolean>): Promise<void> {
  while (!(await holds())) await nextTurn()
}

/** The error with which something fails. @throws Error when it does not */
export async function failure(act: () => Promise<unknown>): Promise<GatewayError> {
  try {
    await act()
  } catch (thrown) {
    if (thrown instanceof GatewayError) return thrown
    throw thrown
  }
  throw new Error("it did not fail")
}
