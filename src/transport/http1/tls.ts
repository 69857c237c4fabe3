import { lateNet } from "../../core/late-modules.ts"

/** The list of one protocol as ALPN has it on the wire: each with its length before it. */
const HTTP1 = Buffer.from("\x08http/1.1")

/** What a TLS connection to this host is opened with. */
export function tlsOptions(hostname: string): Bun.TLSOptions {
  return {
    ALPNProtocols: HTTP1,
    rejectUnauthorized: isVerified(),
    // An address is no name to be told (RFC 6066 §3); a certificate is held against it all the same.
    ...(lateNet().isIP(hostname) === 0 && { serverName: hostname }),
  }
}

/** Whether a wrong certificate ends the connection: `Bun.connect` itself only reports it. */
export function isVerified(): boolean {
  return process.env["NODE_TLS_REJECT_UNAUTHORIZED"] !== "0"
}
