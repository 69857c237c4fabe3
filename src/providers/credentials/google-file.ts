import { join } from "node:path"
import { GatewayError } from "../../core/error.ts"
import { lateOs } from "../../core/late-modules.ts"
import { type ExternalAccount, exchangeForm, externalSource } from "./google-external.ts"
import { signJwt } from "./jwt.ts"
import type { AccessToken } from "./token-cache.ts"
import { askForJson, type CredentialContext, tokenIn } from "./token-request.ts"

/** A credentials file of Google Cloud, as far as it is understood. */
export type CredentialFile = { project?: string; quotaProject?: string } & (
  | { kind: "service"; email: string; privateKey: string; keyId?: string; tokenUrl: string }
  | { kind: "user"; clientId: string; clientSecret: string; refreshToken: string }
  | { kind: "impersonated"; url: string; source: CredentialFile }
  | ExternalAccount
)

interface Asking {
  context: CredentialContext
  tokenUrl?: string | undefined
  proxy?: string | undefined
}

const SCOPE = "https://www.googleapis.com/auth/cloud-platform"
const TOKEN_URL = "https://oauth2.googleapis.com/token"

/** Seconds that a signed claim, and so a token, is good for: Google's maximum. */
const LIFE = 3600

/**
 * The credentials that are meant: the given text, the file it names, or the default files.
 *
 * @returns undefined when there is no file: the metadata server then has them
 * @throws GatewayError `upstream-unauthorized` for a file that cannot be used
 */
export async function readCredentials(
  text: string | undefined,
  context: CredentialContext,
): Promise<CredentialFile | undefined> {
  if (text?.startsWith("{")) return parseCredentials(text, "the key")
  const named = text ?? context.env["GOOGLE_APPLICATION_CREDENTIALS"]
  if (named) {
    const content = await context.readFile(named).catch((cause: unknown) => {
      throw refused(`The Google credentials file ${named} cannot be read.`, cause)
    })
    return parseCredentials(content, named)
  }
  const path = defaultFile(context.env)
  const content = await context.readFile(path).catch(() => undefined)
  return content === undefined ? undefined : parseCredentials(content, path)
}

/** Where `gcloud auth application-default login` puts them. */
function defaultFile(env: CredentialContext["env"]): string {
  const folder =
    env["CLOUDSDK_CONFIG"] ||
    (env["APPDATA"] ? join(env["APPDATA"], "gcloud") : undefined) ||
    join(env["HOME"] || lateOs().homedir(), ".config", "gcloud")
  return join(folder, "application_default_credentials.json")
}

function parseCredentials(text: string, where: string): CredentialFile {
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch (cause) {
    throw refused(`The Google credentials in ${where} are no JSON.`, cause)
  }
  return understand(value, where)
}

function understand(value: unknown, where: string): CredentialFile {
  const fields = (value ?? {}) as Record<string, unknown>
  const need = (name: string): string => {
    const found = fields[name]
    if (typeof found === "string" && found !== "") return found
    throw refused(`The Google credentials in ${where} have no \`${name}\`.`)
  }
  const may = (name: string): string | undefined =>
    typeof fields[name] === "string" && fields[name] !== "" ? fields[name] : undefined
  const project = may("project_id")
  const quotaProject = may("quota_project_id")
  const base = { ...(project && { project }), ...(quotaProject && { quotaProject }) }
  switch (fields["type"]) {
    case "service_account": {
      const keyId = may("private_key_id")
      return {
        ...base,
        kind: "service",
        email: need("client_email"),
        privateKey: need("private_key"),
        ...(keyId && { keyId }),
        tokenUrl: may("token_uri") ?? TOKEN_URL,
      }
    }
    case "authorized_user":
      return {
        ...base,
        kind: "user",
        clientId: need("client_id"),
        clientSecret: need("client_secret"),
        refreshToken: need("refresh_token"),
      }
    case "impersonated_service_account":
      return {
        ...base,
        kind: "impersonated",
        url: need("service_account_impersonation_url"),
        source: understand(fields["source_credentials"], where),
      }
    case "external_account": {
      const source = externalSource(fields["credential_source"])
      if (!source)
        throw refused(`The \`credential_source\` in ${where} is neither a file nor a URL.`)
      const impersonationUrl = may("service_account_impersonation_url")
      return {
        ...base,
        ...source,
        kind: "external",
        audience: need("audience"),
        tokenType: need("subject_token_type"),
        tokenUrl: need("token_url"),
        ...(impersonationUrl && { impersonationUrl }),
      }
    }
    default:
      throw refused(
        `The Google credentials in ${where} are of an unknown type: ${JSON.stringify(fields["type"])}.`,
      )
  }
}

/** A new token for a credentials file. @throws GatewayError */
export async function fileToken(file: CredentialFile, asking: Asking): Promise<AccessToken> {
  const { context, proxy } = asking
  if (file.kind === "impersonated") {
    return impersonate(file.url, await fileToken(file.source, asking), asking)
  }
  if (file.kind === "external") return externalToken(file, asking)
  const url = asking.tokenUrl ?? (file.kind === "service" ? file.tokenUrl : TOKEN_URL)
  const what = `Google's token server (${new URL(url).host})`
  const form = file.kind === "service" ? assertion(file, url, context) : refresh(file)
  const answer = await askForJson(context, { url, what, form, proxy })
  return tokenIn(answer, what, context)
}

/** https://developers.google.com/identity/protocols/oauth2/service-account#httprest */
function assertion(
  file: Extract<CredentialFile, { kind: "service" }>,
  audience: string,
  { clock }: CredentialContext,
): Record<string, string> {
  const issued = Math.floor(clock.wall() / 1000)
  const claims = {
    iss: file.email,
    scope: SCOPE,
    aud: audience,
    iat: issued,
    exp: issued + LIFE,
  }
  try {
    return {
      grant_type: "urn:ietf:params:oauth:grant-type:jwt-bearer",
      assertion: signJwt(claims, file.privateKey, file.keyId),
    }
  } catch (cause) {
    throw refused(`The private key of ${file.email} cannot be used.`, cause)
  }
}

function refresh(file: Extract<CredentialFile, { kind: "user" }>): Record<string, string> {
  return {
    grant_type: "refresh_token",
    client_id: file.clientId,
    client_secret: file.clientSecret,
    refresh_token: file.refreshToken,
  }
}

/** https://cloud.google.com/iam/docs/reference/sts/rest/v1/TopLevel/token */
async function externalToken(file: ExternalAccount, asking: Asking): Promise<AccessToken> {
  const { context, proxy } = asking
  const url = asking.tokenUrl ?? file.tokenUrl
  const what = `Google's token server (${new URL(url).host})`
  const form = await exchangeForm(file, SCOPE, context, (path, cause) =>
    refused(`The workload's token file ${path} cannot be read.`, cause),
  )
  const token = tokenIn(await askForJson(context, { url, what, form, proxy }), what, context)
  return file.impersonationUrl ? impersonate(file.impersonationUrl, token, asking) : token
}

/**
 * The token of a service account that another account may act for.
 * https://cloud.google.com/iam/docs/reference/credentials/rest/v1/projects.serviceAccounts/generateAccessToken
 */
async function impersonate(
  url: string,
  source: AccessToken,
  { context, proxy }: Asking,
): Promise<AccessToken> {
  const what = `Google's credentials server (${new URL(url).host})`
  const answer = await askForJson(context, {
    url,
    what,
    json: { scope: [SCOPE], lifetime: `${LIFE}s` },
    headers: { authorization: `Bearer ${source.value}` },
    proxy,
  })
  const end = Date.parse(String(answer["expireTime"]))
  const token = { access_token: answer["accessToken"], expires_on: end / 1000 }
  return tokenIn(token, what, context)
}

function refused(message: string, cause?: unknown): GatewayError {
  return new GatewayError("upstream-unauthorized", message, {
    status: 401,
    code: "credentials_invalid",
    cause,
  })
}
