import type { EndSignal } from "../../core/life.ts"
import { GatewayError } from "../../core/error.ts"
import type { Secret } from "../../core/secret.ts"
import type { AwsKeys } from "../../transport/aws-sigv4.ts"
import { containerKeys, machineKeys } from "./aws-metadata.ts"
import { profileKeys } from "./aws-profile.ts"
import { webIdentityKeys } from "./aws-web-identity.ts"
import { createTokenCache } from "./token-cache.ts"
import type { CredentialContext } from "./token-request.ts"

/** How a request shows whose it is: a signature made with keys, or an API key as it is. */
export type AwsIdentity = { keys: AwsKeys } | { bearer: string }

export interface AwsCredentials {
  /** @throws GatewayError `upstream-unauthorized`, `upstream-unreachable` */
  get(signal: EndSignal): Promise<AwsIdentity>
  /** They were refused. @see TokenCache.forget */
  forget(began: number): void
}

export interface AwsCredentialOptions {
  context: CredentialContext
  region: string
  /** Of the provider; asking near by goes without. */
  proxy?: string | undefined
}

interface Found {
  identity: AwsIdentity
  /** Milliseconds since 1970. */
  expires: number
}

/** Milliseconds for which a file's keys are taken without reading it anew. */
const FILE_LIFE = 10 * 60_000

/** The identity of a provider key; without one, what AWS's own programs would use on this machine. */
export function awsCredentials(
  key: Secret | undefined,
  options: AwsCredentialOptions,
): AwsCredentials {
  if (key) {
    const identity = readKey(key)
    return {
      async get() {
        if (identity instanceof GatewayError) throw identity
        return identity
      },
      forget() {},
    }
  }
  let latest: AwsIdentity | undefined
  const cache = createTokenCache(async () => {
    const { identity, expires } = await find(options)
    latest = identity
    return { value: "keys" in identity ? identity.keys.accessKeyId : "bearer", expires }
  }, options.context.clock)
  return {
    async get(signal) {
      await cache.get(signal)
      return latest!
    },
    forget: cache.forget,
  }
}

/** `ACCESS_KEY_ID:SECRET`, with `:SESSION` where they are temporary; anything else is an API key. */
function readKey(key: Secret): AwsIdentity | GatewayError {
  const text = key.reveal().trim()
  if (!text.includes(":")) return { bearer: text }
  const [accessKeyId, secretAccessKey, sessionToken, more] = text.split(":")
  if (accessKeyId && secretAccessKey && sessionToken !== "" && more === undefined) {
    return { keys: { accessKeyId, secretAccessKey, ...(sessionToken && { sessionToken }) } }
  }
  return missing(
    `The AWS key from ${key.origin} is not written as ACCESS_KEY_ID:SECRET or ACCESS_KEY_ID:SECRET:SESSION.`,
  )
}

/** Looks where AWS's programs look, in their order. The network is asked last. */
async function find({ context, region, proxy }: AwsCredentialOptions): Promise<Found> {
  const own = fromEnvironment(context.env)
  if (own) return { identity: own, expires: Number.POSITIVE_INFINITY }
  const profile = await profileKeys(context)
  if (profile) return { identity: { keys: profile }, expires: context.clock.wall() + FILE_LIFE }
  const temporary =
    (await webIdentityKeys(context, region, proxy)) ??
    (await containerKeys(context)) ??
    (await machineKeys(context))
  if (temporary) return { identity: { keys: temporary.keys }, expires: temporary.expires }
  throw missing(
    "There are no AWS credentials: none in `keys`, AWS_BEARER_TOKEN_BEDROCK, AWS_ACCESS_KEY_ID or ~/.aws, and no metadata service answers.",
  )
}

function fromEnvironment(env: CredentialContext["env"]): AwsIdentity | undefined {
  const bearer = env["AWS_BEARER_TOKEN_BEDROCK"]?.trim()
  if (bearer) return { bearer }
  const accessKeyId = env["AWS_ACCESS_KEY_ID"]?.trim()
  const secretAccessKey = env["AWS_SECRET_ACCESS_KEY"]?.trim()
  if (!accessKeyId && !secretAccessKey) return undefined
  if (!accessKeyId || !secretAccessKey) {
    const [there, lacking] = accessKeyId
      ? ["AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"]
      : ["AWS_SECRET_ACCESS_KEY", "AWS_ACCESS_KEY_ID"]
    throw missing(`${there} is set, and ${lacking} is not.`)
  }
  const sessionToken = env["AWS_SESSION_TOKEN"]?.trim()
  return { keys: { accessKeyId, secretAccessKey, ...(sessionToken && { sessionToken }) } }
}

function missing(message: string): GatewayError {
  return new GatewayError("upstream-unauthorized", message, {
    status: 401,
    code: "credentials_missing",
  })
}
