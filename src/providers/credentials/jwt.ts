import { lateCrypto } from "../../core/late-modules.ts"

/**
 * A JSON web token signed with RS256 (RFC 7515, RFC 7518 §3.3).
 *
 * @param privateKey PEM text
 * @throws Error when the key cannot be read
 */
export function signJwt(
  claims: Readonly<Record<string, string | number>>,
  privateKey: string,
  keyId: string | undefined,
): string {
  const header = { alg: "RS256", typ: "JWT", ...(keyId !== undefined && { kid: keyId }) }
  const signed = `${encode(header)}.${encode(claims)}`
  const signature = lateCrypto().sign("RSA-SHA256", Buffer.from(signed), privateKey)
  return `${signed}.${signature.toString("base64url")}`
}

function encode(value: unknown): string {
  return Buffer.from(JSON.stringify(value)).toString("base64url")
}
