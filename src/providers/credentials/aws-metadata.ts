import { GatewayError } from "../../core/error.ts"
import type { AwsKeys } from "../../transport/aws-sigv4.ts"
import { bytesOf } from "../../transport/byte-sources.ts"
import { askForJson, askForText, type CredentialContext } from "./token-request.ts"

/** Keys that end. */
export interface TemporaryKeys {
  keys: AwsKeys
  /** Milliseconds since 1970. */
  expires: number
}

/** Milliseconds to reach a server that is on this machine or nowhere. */
const CONNECT = 1000

const CONTAINER = "The container's credentials server"
const MACHINE = "The machine's metadata service (asked since there are no other AWS credentials)"

/** Addresses to which a container's credentials may go without encryption. */
const NEAR = /^(localhost|127(\.\d+){3}|\[::1\]|169\.254\.170\.(2|23)|\[fd00:ec2::23\])$/

/**
 * Keys of a container's role (ECS, EKS Pod Identity), where the environment says that there are some.
 * https://docs.aws.amazon.com/sdkref/latest/guide/feature-container-credentials.html
 *
 * @returns undefined when the environment does not say so
 * @throws GatewayError
 */
export async function containerKeys(
  context: CredentialContext,
): Promise<TemporaryKeys | undefined> {
  const { env } = context
  const relative = env["AWS_CONTAINER_CREDENTIALS_RELATIVE_URI"]
  const full = relative
    ? `http://169.254.170.2${relative}`
    : env["AWS_CONTAINER_CREDENTIALS_FULL_URI"]
  if (!full) return undefined
  const url = URL.parse(full)
  if (!url || !(url.protocol === "https:" || NEAR.test(url.hostname))) {
    throw refused("`AWS_CONTAINER_CREDENTIALS_FULL_URI` must be https, or an address near by.")
  }
  const file = env["AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE"]
  const token = file
    ? await context.readFile(file).catch(() => {
        throw refused(`The container's token file ${file} cannot be read.`)
      })
    : env["AWS_CONTAINER_AUTHORIZATION_TOKEN"]
  const answer = await askForJson(context, {
    url: full,
    what: CONTAINER,
    connectTimeout: CONNECT,
    headers: token ? { authorization: token.trim() } : {},
  })
  return readKeys(answer, CONTAINER, context)
}

/**
 * Keys of the role that this machine runs as (IMDSv2).
 * https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/instancedata-data-retrieval.html
 *
 * @returns undefined when there is no such service, or it must not be asked
 * @throws GatewayError
 */
export async function machineKeys(context: CredentialContext): Promise<TemporaryKeys | undefined> {
  const { env } = context
  if (env["AWS_EC2_METADATA_DISABLED"]?.toLowerCase() === "true") return undefined
  const root = (env["AWS_EC2_METADATA_SERVICE_ENDPOINT"] || "http://169.254.169.254").replace(
    /\/+$/,
    "",
  )
  const token = await sessionToken(root, context)
  if (token === undefined) return undefined
  const call = {
    what: MACHINE,
    connectTimeout: CONNECT,
    headers: { "x-aws-ec2-metadata-token": token },
  }
  const path = `${root}/latest/meta-data/iam/security-credentials/`
  const role = (await askForText(context, { ...call, url: path })).trim().split(/\s/)[0]!
  const url = path + encodeURIComponent(role)
  return readKeys(await askForJson(context, { ...call, url }), MACHINE, context)
}

/** Without a token the service answers nothing, so that no open proxy can ask it. */
async function sessionToken(
  root: string,
  { send }: Pick<CredentialContext, "send">,
): Promise<string | undefined> {
  try {
    const response = await send({
      url: `${root}/latest/api/token`,
      method: "PUT",
      headers: { "x-aws-ec2-metadata-token-ttl-seconds": "300" },
      signal: AbortSignal.timeout(3 * CONNECT),
      connectTimeout: CONNECT,
    })
    const text = (await bytesOf(response.body)).toString()
    return response.status === 200 ? text : undefined
  } catch {
    return undefined
  }
}

/** Keys as all of AWS's local servers write them. @throws GatewayError */
function readKeys(
  answer: Record<string, unknown>,
  what: string,
  { clock }: Pick<CredentialContext, "clock">,
): TemporaryKeys {
  const text = (name: string) => {
    const value = answer[name]
    return typeof value === "string" && value !== "" ? value : undefined
  }
  const accessKeyId = text("AccessKeyId")
  const secretAccessKey = text("SecretAccessKey")
  const sessionToken = text("Token")
  if (!accessKeyId || !secretAccessKey) {
    const why = text("Message") ?? text("Code")
    throw new GatewayError(
      "upstream-unreachable",
      `${what} answered without keys${why ? `: ${why}` : ""}.`,
      { code: "token_unavailable" },
    )
  }
  const end = Date.parse(text("Expiration") ?? "")
  return {
    keys: { accessKeyId, secretAccessKey, ...(sessionToken && { sessionToken }) },
    expires: Number.isNaN(end) ? clock.wall() + 60 * 60_000 : end,
  }
}

function refused(message: string): GatewayError {
  return new GatewayError("upstream-unauthorized", message, {
    status: 401,
    code: "credentials_invalid",
  })
}
