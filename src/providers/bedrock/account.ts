import type { CallTarget, OutgoingRequest, ProviderAccount } from "../../core/provider.ts"
import type { Secret } from "../../core/secret.ts"
import type { ProviderSettings } from "../../core/settings.ts"
import { encodeText, signV4 } from "../../transport/aws-sigv4.ts"
import { asBuffer } from "../../transport/json-scan.ts"
import { type AwsCredentials, awsCredentials } from "../credentials/aws.ts"
import { systemContext } from "../credentials/system.ts"
import type { CredentialContext } from "../credentials/token-request.ts"
import { completeInvoke, INVOKE_PATCH, namesIn } from "./invoke-request.ts"
import { messagesAnswer } from "./invoke-answer.ts"
import { bareModel } from "./models.ts"

const SERVICE = "bedrock"

/** An account at Amazon Bedrock. @param context what its credentials need of the world */
export function openBedrock(
  settings: ProviderSettings,
  context: CredentialContext = systemContext,
): ProviderAccount {
  const { env, clock } = context
  const region =
    settings.options["region"] ||
    regionIn(settings.baseUrl) ||
    env["AWS_REGION"] ||
    env["AWS_DEFAULT_REGION"] ||
    "us-east-1"
  const betas = namesIn(settings.options["betas"])
  const root = settings.baseUrl ?? hostOf(region)
  const known = new Map<string, AwsCredentials>()
  function credentials(key: Secret | undefined): AwsCredentials {
    const id = key?.fingerprint ?? ""
    let found = known.get(id)
    if (!found) {
      found = awsCredentials(key, { context, region, proxy: settings.proxy })
      known.set(id, found)
    }
    return found
  }
  return {
    url: (call) => root + pathOf(call),
    authorize: () => ({}),
    async sign(request, key) {
      const identity = await credentials(key).get(request.signal)
      const complete = completed(request, betas)
      const { headers } = complete
      return {
        ...complete,
        headers:
          "bearer" in identity
            ? { ...headers, authorization: `Bearer ${identity.bearer}` }
            : signV4(complete, {
                service: SERVICE,
                region,
                keys: identity.keys,
                time: clock.wall(),
              }),
      }
    },
    forget: (key, began) => credentials(key).forget(began),
    patch: (call) => (isInvoke(call) ? INVOKE_PATCH : undefined),
    receive: (call, response) => (isInvoke(call) ? messagesAnswer(response) : response),
  }
}

/** https://docs.aws.amazon.com/general/latest/gr/bedrock.html */
function hostOf(region: string): string {
  const suffix = region.startsWith("cn-") ? "amazonaws.com.cn" : "amazonaws.com"
  return `https://bedrock-runtime.${region}.${suffix}`
}

/** A base URL at AWS itself says its region; a signature for another one is refused. */
function regionIn(baseUrl: string | undefined): string | undefined {
  return /\/\/(?:[^/]+\.)?bedrock-runtime(?:-fips)?\.([a-z0-9-]+)\./.exec(baseUrl ?? "")?.[1]
}

function isInvoke({ protocol }: CallTarget): boolean {
  return protocol === "anthropic-messages"
}

function pathOf(call: CallTarget): string {
  const { model, stream, operation, path } = call
  if (isInvoke(call)) {
    return `/model/${encodeText(model)}/${stream ? "invoke-with-response-stream" : "invoke"}`
  }
  // Tokens are counted by a model itself, not by a profile that leads to it.
  return operation === "count-tokens" ? `/model/${encodeText(bareModel(model))}/count-tokens` : path
}

/** What only the final request shows: how the answer comes, and what a Messages body has too much of. */
function completed(request: OutgoingRequest, betas: readonly string[]): OutgoingRequest {
  const [, model = "", action = ""] = /\/model\/([^/]+)\/([a-z-]+)$/.exec(request.url) ?? []
  const accept = action.endsWith("-stream")
    ? "application/vnd.amazon.eventstream"
    : "application/json"
  const own = { ...request, headers: { ...request.headers, accept } }
  const messages =
    action.startsWith("invoke") &&
    request.body !== undefined &&
    asBuffer(request.body).includes('"anthropic_version"')
  return messages ? completeInvoke(own, decodeURIComponent(model), betas) : own
}
