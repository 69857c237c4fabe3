import type { EndSignal } from "../../core/life.ts"
import { GatewayError } from "../../core/error.ts"
import type { HeaderRecord } from "../../core/provider.ts"
import type { Secret } from "../../core/secret.ts"
import { type CredentialFile, fileToken, readCredentials } from "./google-file.ts"
import { metadataProject, metadataToken } from "./google-metadata.ts"
import { createTokenCache } from "./token-cache.ts"
import type { CredentialContext } from "./token-request.ts"

/** What proves to Google who calls. */
export interface GoogleCredentials {
  /** @throws GatewayError `upstream-unauthorized`, `upstream-unreachable` */
  headers(signal: EndSignal): Promise<HeaderRecord>
  /** The project that the credentials belong to; undefined for an API key, which needs none. @throws GatewayError */
  project(): Promise<string | undefined>
  /** They were refused. @see TokenCache.forget */
  forget(began: number): void
}

export interface GoogleOptions {
  context: CredentialContext
  /** Endpoint for tokens, where it is not the one that the credentials name. */
  tokenUrl?: string | undefined
  /** URL of an outbound HTTP proxy; the metadata server is asked without it. */
  proxy?: string | undefined
}

/**
 * Credentials of Google Cloud: the text of a credentials file (a service account, a user, an
 * impersonated account), the path of one, or an API key of Vertex' express mode. Without any, the
 * application default ones: https://google.aip.dev/auth/4110.
 */
export function googleCredentials(
  key: Secret | undefined,
  options: GoogleOptions,
): GoogleCredentials {
  const text = key?.reveal().trim()
  if (text !== undefined && !isDocument(text)) return apiKey(text)
  const { context } = options
  let found: Promise<CredentialFile | undefined> | undefined
  /** Undefined: this machine's metadata server has them. */
  function file(): Promise<CredentialFile | undefined> {
    found ??= readCredentials(text, context).catch((thrown: unknown) => {
      // A file that is mounted late, or mended, is read then.
      found = undefined
      throw thrown
    })
    return found
  }
  const tokens = createTokenCache(async () => {
    const known = await file()
    return known ? fileToken(known, options) : metadataToken(context)
  }, context.clock)
  let own: Promise<string> | undefined

  return {
    async headers(signal) {
      const authorization = `Bearer ${await tokens.get(signal)}`
      const quota = (await file())?.quotaProject
      return { authorization, ...(quota !== undefined && { "x-goog-user-project": quota }) }
    },
    async project() {
      const { env } = context
      const named = env["GOOGLE_CLOUD_PROJECT"] || env["GCLOUD_PROJECT"]
      const known = await file()
      const project = (text && known?.project) || named || known?.project || known?.quotaProject
      if (project) return project
      if (known) throw noProject()
      own ??= metadataProject(context).catch((thrown: unknown) => {
        own = undefined
        throw thrown
      })
      return own
    },
    forget(began) {
      // The file may have another key by now.
      found = undefined
      tokens.forget(began)
    },
  }
}

function apiKey(key: string): GoogleCredentials {
  const headers = Promise.resolve({ "x-goog-api-key": key })
  return { headers: () => headers, project: () => Promise.resolve(undefined), forget() {} }
}

/** Whether a key is a credentials file or the path of one; API keys have neither braces nor slashes. */
function isDocument(text: string): boolean {
  return text.startsWith("{") || /[\\/]|\.json$/i.test(text)
}

function noProject(): GatewayError {
  return new GatewayError(
    "upstream-unauthorized",
    "The credentials name no Google Cloud project; set `project`.",
    { status: 401, code: "no_project" },
  )
}
