import { join } from "node:path"
import { GatewayError } from "../../core/error.ts"
import { lateOs } from "../../core/late-modules.ts"
import type { AwsKeys } from "../../transport/aws-sigv4.ts"
import type { CredentialContext } from "./token-request.ts"

type Section = ReadonlyMap<string, string>

/** Settings of a profile that other programs turn into keys. */
const INDIRECT = ["sso_session", "sso_start_url", "role_arn", "credential_process", "login_session"]

/**
 * The keys of the profile that `AWS_PROFILE` names, else of `default`, in the files of the AWS CLI.
 *
 * @returns undefined when there is no such profile, and none was named
 * @throws GatewayError `upstream-unauthorized` for a named profile that cannot be used
 */
export async function profileKeys(
  context: Pick<CredentialContext, "env" | "readFile">,
): Promise<AwsKeys | undefined> {
  const { env } = context
  const named = env["AWS_PROFILE"] || undefined
  const profile = named ?? "default"
  const folder = join(env["HOME"] || env["USERPROFILE"] || lateOs().homedir(), ".aws")
  const files: readonly [path: string, section: string][] = [
    [env["AWS_SHARED_CREDENTIALS_FILE"] || join(folder, "credentials"), profile],
    [
      env["AWS_CONFIG_FILE"] || join(folder, "config"),
      profile === "default" ? profile : `profile ${profile}`,
    ],
  ]
  let other: string | undefined
  for (const [path, section] of files) {
    const text = await context.readFile(path).catch(() => "")
    const settings = readSections(text).get(section)
    if (!settings) continue
    const keys = keysIn(settings)
    if (keys) return keys
    other ??= INDIRECT.find((name) => settings.has(name))
  }
  if (other !== undefined) {
    throw refused(
      `The AWS profile \`${profile}\` has \`${other}\`, which is not followed; \`aws configure export-credentials\` makes keys of it.`,
    )
  }
  if (named === undefined) return undefined
  throw refused(
    `The AWS profile \`${profile}\` has no keys in ${files.map(([path]) => path).join(" or ")}.`,
  )
}

function keysIn(settings: Section): AwsKeys | undefined {
  const accessKeyId = settings.get("aws_access_key_id")
  const secretAccessKey = settings.get("aws_secret_access_key")
  if (!accessKeyId || !secretAccessKey) return undefined
  const sessionToken = settings.get("aws_session_token")
  return { accessKeyId, secretAccessKey, ...(sessionToken && { sessionToken }) }
}

/** https://docs.aws.amazon.com/sdkref/latest/guide/file-format.html */
function readSections(text: string): Map<string, Map<string, string>> {
  const sections = new Map<string, Map<string, string>>()
  let current: Map<string, string> | undefined
  for (const line of text.split(/\r?\n/)) {
    const title = /^\[\s*(.+?)\s*\]/.exec(line)?.[1]?.replace(/\s+/g, " ")
    if (title !== undefined) {
      current = sections.get(title) ?? new Map()
      sections.set(title, current)
      continue
    }
    // Indented lines belong to the setting above; comments begin a line.
    const setting = /^([^\s#;=][^=]*?)\s*=\s*(.*?)\s*$/.exec(line)
    if (setting) current?.set(setting[1]!.toLowerCase(), setting[2]!)
  }
  return sections
}

function refused(message: string): GatewayError {
  return new GatewayError("upstream-unauthorized", message, {
    status: 401,
    code: "credentials_invalid",
  })
}
