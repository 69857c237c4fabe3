import type { HeaderRecord, OutgoingRequest } from "../core/provider.ts"

/** What a request is signed with. */
export interface AwsKeys {
  accessKeyId: string
  secretAccessKey: string
  /** Of temporary keys. */
  sessionToken?: string
}

export interface SigningScope {
  service: string
  region: string
  keys: AwsKeys
  /** Milliseconds since 1970. AWS takes a signature for five minutes. */
  time: number
}

type Signable = Pick<OutgoingRequest, "method" | "url" | "headers" | "body">

/**
 * The headers of a signed request (AWS Signature Version 4, in the headers). Only what no proxy
 * changes is signed: the host, the content type, and AWS's own headers.
 * https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-create-signed-request.html
 */
export function signV4(request: Signable, scope: SigningScope): HeaderRecord {
  const { service, region, keys, time } = scope
  const url = new URL(request.url)
  const stamp = `${new Date(time).toISOString().replace(/[-:]|\.\d+/g, "")}`
  const day = stamp.slice(0, 8)
  const { authorization: _unsigned, ...own } = request.headers
  const headers: Record<string, string> = { ...own, "x-amz-date": stamp }
  if (keys.sessionToken !== undefined) headers["x-amz-security-token"] = keys.sessionToken

  const signed = Object.entries({ ...headers, host: url.host })
    .filter(([name]) => name === "host" || name === "content-type" || name.startsWith("x-amz-"))
    .map(([name, value]) => [name, value.trim().replace(/ +/g, " ")] as const)
    .sort(([a], [b]) => (a < b ? -1 : 1))
  const names = signed.map(([name]) => name).join(";")
  const canonical = [
    request.method,
    canonicalPath(url.pathname),
    canonicalQuery(url.search),
    ...signed.map(([name, value]) => `${name}:${value}`),
    "",
    names,
    sha256(request.body ?? ""),
  ].join("\n")

  const credential = `${day}/${region}/${service}/aws4_request`
  const text = ["AWS4-HMAC-SHA256", stamp, credential, sha256(canonical)].join("\n")
  const key = [day, region, service, "aws4_request"].reduce<string | Buffer>(
    (secret, part) => hmac(secret, part),
    `AWS4${keys.secretAccessKey}`,
  )
  const signature = hmac(key, text).toString("hex")
  headers["authorization"] =
    `AWS4-HMAC-SHA256 Credential=${keys.accessKeyId}/${credential}, SignedHeaders=${names}, Signature=${signature}`
  return headers
}

/** Encoded once more than it is sent: every service but S3 wants it so. */
function canonicalPath(path: string): string {
  return path.split("/").map(encodeText).join("/")
}

function canonicalQuery(search: string): string {
  return [...new URLSearchParams(search)]
    .map(([name, value]) => [encodeText(name), encodeText(value)] as const)
    .sort(([a, x], [b, y]) => (a < b || (a === b && x < y) ? -1 : 1))
    .map(([name, value]) => `${name}=${value}`)
    .join("&")
}

/** Everything but the unreserved characters of RFC 3986 is encoded. */
export function encodeText(text: string): string {
  return encodeURIComponent(text).replace(
    /[!'()*]/g,
    (character) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`,
  )
}

function hmac(key: string | Buffer, text: string): Buffer {
  return new Bun.CryptoHasher("sha256", key).update(text).digest()
}

function sha256(text: string | Uint8Array): string {
  return new Bun.SHA256().update(text).digest("hex")
}
