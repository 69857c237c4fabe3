import { readFileSync } from "node:fs"
import { createServer } from "node:https"
import type { AddressInfo } from "node:net"
import { join } from "node:path"

/** An HTTPS server and what it was told once a connection was up. */
export interface Secured {
  readonly url: string
  /** Requests, and the bytes that came with them. */
  readonly heard: { requests: number; reached: number }
  close(): void
}

const EC = "-newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes"

/** An authority of a test's own. `serve` answers each request with `answer`, behind a certificate. */
export function createAuthority(folder: string) {
  const at = (name: string) => join(folder, name)
  const openssl = (line: string) => {
    const made = Bun.spawnSync(["openssl", ...line.split(" ")], { stderr: "pipe" })
    if (made.exitCode !== 0) throw new Error(`openssl ${line}: ${made.stderr}`)
  }
  openssl(
    `req -x509 ${EC} -days 2 -subj /CN=authority -keyout ${at("ca.key")} -out ${at("ca.pem")}`,
  )
  return {
    /** The certificate that makes those below trusted. */
    file: at("ca.pem"),
    /** @param names what the certificate is for. @param days from now; before now, it has expired */
    async serve(name: string, names: string, days: number, answer: string): Promise<Secured> {
      const [key, request, cert] = [at(`${name}.key`), at(`${name}.csr`), at(`${name}.pem`)]
      openssl(
        `req ${EC} -subj /CN=${name} -addext subjectAltName=${names} -keyout ${key} -out ${request}`,
      )
      openssl(
        `x509 -req -in ${request} -CA ${at("ca.pem")} -CAkey ${at("ca.key")} -CAcreateserial -copy_extensions copy -days ${days} -out ${cert}`,
      )
      const heard = { requests: 0, reached: 0 }
      const pair = { key: readFileSync(key), cert: readFileSync(cert) }
      const server = createServer(pair, (request, response) => {
        heard.requests++
        request.resume()
        response.setHeader("content-type", "application/json").end(answer)
      })
      server.on("connection", () => heard.reached++)
      server.on("tlsClientError", () => {})
      await new Promise<void>((listens) => server.listen(0, "127.0.0.1", listens))
      const { port } = server.address() as AddressInfo
      return { url: `https://127.0.0.1:${port}/v1`, heard, close: () => void server.close() }
    },
  }
}
