import { GatewayError } from "../../core/error.ts"
import type { ProviderAccount } from "../../core/provider.ts"
import type { Secret } from "../../core/secret.ts"
import type { ProviderSettings } from "../../core/settings.ts"
import { systemContext } from "./system.ts"
import { type AccessToken, createTokenCache, type TokenCache } from "./token-cache.ts"
import { askForJson, type CredentialContext, tokenIn } from "./token-request.ts"

export interface EntraOptions {
  context: CredentialContext
  identity?: string
  tenantId?: string
  clientId?: string
  authority?: string
  scope?: string
  /** URL of an outbound HTTP proxy; this machine's own servers are asked without it. */
  proxy?: string | undefined
}

/** What a token is for: everything at an Azure OpenAI resource. */
const SCOPE = "https://cognitiveservices.azure.com/.default"
const AUTHORITY = "https://login.microsoftonline.com"
const ENTRA = "Microsoft Entra"

/** The part of an account that puts tokens into requests, where `usesEntra` says so. */
export function entraSign(
  { options, proxy }: Pick<ProviderSettings, "options" | "proxy">,
  context: CredentialContext = systemContext,
): Pick<ProviderAccount, "sign" | "forget"> {
  const known = new Map<string, TokenCache>()
  function tokens(key: Secret | undefined): TokenCache {
    const id = key?.fingerprint ?? ""
    let found = known.get(id)
    if (!found) {
      found = entraTokens(key, { ...options, context, proxy })
      known.set(id, found)
    }
    return found
  }
  return {
    async sign(request, key) {
      const authorization = `Bearer ${await tokens(key).get(request.signal)}`
      return { ...request, headers: { ...request.headers, authorization } }
    },
    forget: (key, began) => tokens(key).forget(began),
  }
}

/**
 * Tokens of Microsoft Entra: for a client and its secret, for a workload whose own token is in a
 * file, or for the identity that Azure gives to a machine or an app.
 *
 * @param secret the client's
 */
export function entraTokens(secret: Secret | undefined, options: EntraOptions): TokenCache {
  return createTokenCache(() => source(secret, options), options.context.clock)
}

async function source(secret: Secret | undefined, options: EntraOptions): Promise<AccessToken> {
  const { identity } = options
  if (identity === undefined) {
    if (!secret) throw refused("There is no client secret; give it as a key, or set `identity`.")
    return clientToken({ client_secret: secret.reveal() }, options)
  }
  if (identity === "workload") return workloadToken(options)
  if (identity !== "managed") throw refused("`identity` is neither `managed` nor `workload`.")
  const { env } = options.context
  return env["IDENTITY_ENDPOINT"] && env["IDENTITY_HEADER"]
    ? appToken(env["IDENTITY_ENDPOINT"], env["IDENTITY_HEADER"], options)
    : machineToken(options)
}

/** https://learn.microsoft.com/entra/identity-platform/v2-oauth2-client-creds-grant-flow */
async function clientToken(
  proof: Readonly<Record<string, string>>,
  { context, tenantId, clientId, authority, scope = SCOPE, proxy }: EntraOptions,
): Promise<AccessToken> {
  const { env } = context
  const tenant = tenantId ?? env["AZURE_TENANT_ID"]
  const client = clientId ?? env["AZURE_CLIENT_ID"]
  if (!tenant) throw lacking("tenantId")
  if (!client) throw lacking("clientId")
  const host = (authority ?? env["AZURE_AUTHORITY_HOST"] ?? AUTHORITY).replace(/\/+$/, "")
  const answer = await askForJson(context, {
    url: `${host}/${encodeURIComponent(tenant)}/oauth2/v2.0/token`,
    what: ENTRA,
    form: { grant_type: "client_credentials", client_id: client, scope, ...proof },
    proxy,
  })
  return tokenIn(answer, ENTRA, context)
}

/** The file is read anew each time: Kubernetes replaces it. https://azure.github.io/azure-workload-identity */
async function workloadToken(options: EntraOptions): Promise<AccessToken> {
  const { env, readFile } = options.context
  const path = env["AZURE_FEDERATED_TOKEN_FILE"]
  if (!path)
    throw refused("AZURE_FEDERATED_TOKEN_FILE is not set, so there is no workload identity.")
  const token = await readFile(path).catch((cause: unknown) => {
    throw refused(`The workload's token file ${path} cannot be read.`, cause)
  })
  const proof = {
    client_assertion_type: "urn:ietf:params:oauth:client-assertion-type:jwt-bearer",
    client_assertion: token.trim(),
  }
  return clientToken(proof, options)
}

/** https://learn.microsoft.com/azure/app-service/overview-managed-identity */
async function appToken(
  endpoint: string,
  header: string,
  { context, clientId, scope = SCOPE }: EntraOptions,
): Promise<AccessToken> {
  const url = new URL(endpoint)
  url.searchParams.set("api-version", "2019-08-01")
  url.searchParams.set("resource", resourceOf(scope))
  if (clientId) url.searchParams.set("client_id", clientId)
  const what = "The app's identity server"
  const headers = { "x-identity-header": header }
  return tokenIn(await askForJson(context, { url: url.href, what, headers }), what, context)
}

/** https://learn.microsoft.com/entra/identity/managed-identities-azure-resources/how-to-use-vm-token */
async function machineToken({
  context,
  clientId,
  scope = SCOPE,
}: EntraOptions): Promise<AccessToken> {
  const host = context.env["AZURE_POD_IDENTITY_AUTHORITY_HOST"] ?? "http://169.254.169.254"
  const url = new URL("/metadata/identity/oauth2/token", host)
  url.searchParams.set("api-version", "2018-02-01")
  url.searchParams.set("resource", resourceOf(scope))
  if (clientId) url.searchParams.set("client_id", clientId)
  const what = "Azure's metadata server"
  const headers = { metadata: "true" }
  const call = { url: url.href, what, headers, connectTimeout: 2000 }
  return tokenIn(await askForJson(context, call), what, context)
}

function resourceOf(scope: string): string {
  return scope.replace(/\/\.default$/, "")
}

function lacking(option: string): GatewayError {
  return refused(`A token of Microsoft Entra needs \`${option}\`.`)
}

function refused(message: string, cause?: unknown): GatewayError {
  return new GatewayError("upstream-unauthorized", message, {
    status: 401,
    code: "credentials_invalid",
    cause,
  })
}
