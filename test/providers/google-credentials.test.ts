import { afterAll, describe, expect, test } from "bun:test"
import { createVerify } from "node:crypto"
import { Secret } from "../../src/core/secret.ts"
import { googleCredentials } from "../../src/providers/credentials/google.ts"
import {
  failure,
  handClock,
  nextTurn,
  patience,
  rsa,
  serviceAccount,
  startServer,
  startTokenServer,
  type TokenServer,
  until,
  worldOf,
} from "./support/credentials.ts"

const servers: TokenServer[] = []
afterAll(() => Promise.all(servers.map((server) => server.stop())))

function kept(server: TokenServer): TokenServer {
  servers.push(server)
  return server
}

const MINUTE = 60_000

describe("a service account", () => {
  test("is exchanged for a token by a claim that its key has signed", async () => {
    const server = kept(startTokenServer())
    const clock = handClock()
    const key = new Secret(serviceAccount(`${server.url}/token`))
    const credentials = googleCredentials(key, { context: worldOf({ clock }) })

    expect(await credentials.headers(patience())).toEqual({ authorization: "Bearer token-1" })
    expect(await credentials.project()).toBe("file-project")

    const [call] = server.calls
    expect(call).toMatchObject({ method: "POST", path: "/token" })
    expect(call!.form.get("grant_type")).toBe("urn:ietf:params:oauth:grant-type:jwt-bearer")
    const [head, claims, signature] = call!.form.get("assertion")!.split(".")
    const read = (part: string) => JSON.parse(Buffer.from(part, "base64url").toString())
    expect(read(head!)).toEqual({ alg: "RS256", typ: "JWT", kid: "key-1" })
    const issued = Math.floor(clock.wall() / 1000)
    expect(read(claims!)).toEqual({
      iss: "robot@file-project.iam.gserviceaccount.com",
      scope: "https://www.googleapis.com/auth/cloud-platform",
      aud: `${server.url}/token`,
      iat: issued,
      exp: issued + 3600,
    })
    const verify = createVerify("RSA-SHA256").update(`${head}.${claims}`)
    expect(verify.verify(rsa.publicKey, Buffer.from(signature!, "base64url"))).toBe(true)
  })

  test("is read from the file that the key names", async () => {
    const server = kept(startTokenServer())
    const text = serviceAccount(`${server.url}/token`)
    const readFile = (path: string) =>
      path === "/run/secrets/sa.json" ? Promise.resolve(text) : Promise.reject(new Error("no"))
    const context = worldOf({ readFile })
    const credentials = googleCredentials(new Secret("/run/secrets/sa.json"), { context })
    expect(await credentials.headers(patience())).toEqual({ authorization: "Bearer token-1" })
    const missing = googleCredentials(new Secret("/run/secrets/other.json"), { context })
    const error = await failure(() => missing.headers(patience()))
    expect(error.kind).toBe("upstream-unauthorized")
    expect(error.message).toContain("/run/secrets/other.json")
  })

  test("is read anew where a request was refused", async () => {
    const [first, second] = [kept(startTokenServer()), kept(startTokenServer())]
    let text = serviceAccount(`${first.url}/token`)
    const readFile = async () => text
    const clock = handClock()
    const context = worldOf({ clock, readFile })
    const credentials = googleCredentials(new Secret("/etc/gcp/key.json"), { context })
    await credentials.headers(patience())
    text = serviceAccount(`${second.url}/token`)
    clock.forward(MINUTE)
    await credentials.headers(patience())
    expect([first.calls.length, second.calls.length]).toEqual([1, 0])
    credentials.forget(clock.now())
    await credentials.headers(patience())
    expect([first.calls.length, second.calls.length]).toEqual([1, 1])
  })

  test("with a broken key is the key's fault and says nothing of the key", async () => {
    const server = kept(startTokenServer())
    const text = serviceAccount(`${server.url}/token`, { private_key: "-----BEGIN NONSENSE" })
    const credentials = googleCredentials(new Secret(text), { context: worldOf() })
    const error = await failure(() => credentials.headers(patience()))
    expect(error.kind).toBe("upstream-unauthorized")
    expect(error.message).not.toContain("NONSENSE")
    expect(server.calls).toHaveLength(0)
  })

  test("that Google refuses is the key's fault; a server in trouble is not", async () => {
    const server = kept(
      startServer((_call, index) =>
        index === 0
          ? Response.json(
              { error: "invalid_grant", error_description: "Invalid JWT Signature." },
              { status: 400 },
            )
          : new Response("busy", { status: 503 }),
      ),
    )
    const key = new Secret(serviceAccount(server.url))
    const credentials = googleCredentials(key, { context: worldOf() })
    const refused = await failure(() => credentials.headers(patience()))
    expect(refused.kind).toBe("upstream-unauthorized")
    expect(refused.message).toContain("invalid_grant, Invalid JWT Signature")
    const busy = await failure(() => credentials.headers(patience()))
    expect(busy.kind).toBe("upstream-unreachable")
    expect(busy.message).toContain("503")
  })

  test("whose token server does not answer is out of reach", async () => {
    const server = startTokenServer()
    await server.stop()
    const key = new Secret(serviceAccount(server.url))
    const credentials = googleCredentials(key, { context: worldOf() })
    const error = await failure(() => credentials.headers(patience()))
    expect(error.kind).toBe("upstream-unreachable")
    expect(error.message).toContain("refused")
  })
})

describe("a token", () => {
  test("is kept, renewed beside the requests before its end, and waited for at its end", async () => {
    const server = kept(startTokenServer())
    const clock = handClock()
    const key = new Secret(serviceAccount(server.url))
    const { headers } = googleCredentials(key, { context: worldOf({ clock }) })
    const token = async () => (await headers(patience()))["authorization"]

    expect(await token()).toBe("Bearer token-1")
    clock.forward(54 * MINUTE)
    expect(await token()).toBe("Bearer token-1")
    expect(server.calls).toHaveLength(1)

    // Five minutes before its end it still serves, and a new one is on its way.
    clock.forward(2 * MINUTE)
    expect(await token()).toBe("Bearer token-1")
    await until(async () => (await token()) === "Bearer token-2")
    expect(server.calls).toHaveLength(2)

    clock.forward(60 * MINUTE)
    expect(await token()).toBe("Bearer token-3")
  })

  test("is asked for once, however many wait for it", async () => {
    const gate = Promise.withResolvers<void>()
    const server = kept(
      startServer(async () => {
        await gate.promise
        return Response.json({ access_token: "one", expires_in: 3600 })
      }),
    )
    const key = new Secret(serviceAccount(server.url))
    const { headers } = googleCredentials(key, { context: worldOf() })
    const waiting = Array.from({ length: 20 }, () => headers(patience()))
    const controller = new AbortController()
    const leaver = headers(controller.signal)
    controller.abort(new Error("gone"))
    expect(leaver).rejects.toThrow("gone")
    gate.resolve()
    for (const found of await Promise.all(waiting)) {
      expect(found).toEqual({ authorization: "Bearer one" })
    }
    expect(server.calls).toHaveLength(1)
  })

  test("serves to its end when the early renewal fails, which is not tried at every request", async () => {
    const server = kept(startTokenServer())
    const clock = handClock()
    const key = new Secret(serviceAccount(server.url))
    const { headers } = googleCredentials(key, { context: worldOf({ clock }) })
    await headers(patience())
    server.answer = () => new Response("no", { status: 500 })
    clock.forward(56 * MINUTE)
    await headers(patience())
    await until(() => server.calls.length === 2)
    for (let turn = 0; turn < 300; turn++) {
      await headers(patience())
      await nextTurn()
    }
    expect(server.calls).toHaveLength(2)
    clock.forward(11_000)
    await headers(patience())
    await until(() => server.calls.length === 3)
    clock.forward(4 * MINUTE)
    expect((await failure(() => headers(patience()))).kind).toBe("upstream-unreachable")
  })
})

describe("other credentials", () => {
  test("of a user are refreshed, and say whose quota is used", async () => {
    const server = kept(startTokenServer())
    const text = JSON.stringify({
      type: "authorized_user",
      client_id: "id.apps.googleusercontent.com",
      client_secret: "hush",
      refresh_token: "1//r",
      quota_project_id: "billed",
    })
    const tokenUrl = `${server.url}/token`
    const context = worldOf()
    const credentials = googleCredentials(new Secret(text), { context, tokenUrl })
    expect(await credentials.headers(patience())).toEqual({
      authorization: "Bearer token-1",
      "x-goog-user-project": "billed",
    })
    expect(Object.fromEntries(server.calls[0]!.form)).toEqual({
      grant_type: "refresh_token",
      client_id: "id.apps.googleusercontent.com",
      client_secret: "hush",
      refresh_token: "1//r",
    })
    expect(await credentials.project()).toBe("billed")
  })

  test("that act for a service account get its token with their own", async () => {
    const server = kept(startTokenServer())
    const end = new Date(Date.now() + 60 * MINUTE).toISOString()
    const iam = kept(startServer(() => Response.json({ accessToken: "acting", expireTime: end })))
    const text = JSON.stringify({
      type: "impersonated_service_account",
      service_account_impersonation_url: `${iam.url}/v1/robot:generateAccessToken`,
      source_credentials: {
        type: "authorized_user",
        client_id: "c",
        client_secret: "s",
        refresh_token: "r",
      },
    })
    const context = worldOf()
    const credentials = googleCredentials(new Secret(text), { context, tokenUrl: server.url })
    expect(await credentials.headers(patience())).toEqual({ authorization: "Bearer acting" })
    expect(iam.calls[0]!.headers.get("authorization")).toBe("Bearer token-1")
    expect(JSON.parse(iam.calls[0]!.text)).toEqual({
      scope: ["https://www.googleapis.com/auth/cloud-platform"],
      lifetime: "3600s",
    })
  })

  test("of a workload elsewhere are its own token, exchanged and used to act for an account", async () => {
    const sts = kept(startTokenServer())
    const end = new Date(Date.now() + 60 * MINUTE).toISOString()
    const iam = kept(startServer(() => Response.json({ accessToken: "acting", expireTime: end })))
    const issuer = kept(startServer(() => Response.json({ value: "from-url" })))
    const external = (source: object, more: object = {}) =>
      new Secret(
        JSON.stringify({
          type: "external_account",
          audience: "//iam.googleapis.com/projects/1/locations/global/workloadIdentityPools/p",
          subject_token_type: "urn:ietf:params:oauth:token-type:jwt",
          token_url: `${sts.url}/v1/token`,
          credential_source: source,
          ...more,
        }),
      )
    const readFile = (path: string) =>
      path === "/token" ? Promise.resolve("from-file\n") : Promise.reject(new Error("no"))
    const context = worldOf({ readFile })
    const token = async (key: Secret) =>
      (await googleCredentials(key, { context }).headers(patience()))["authorization"]

    expect(await token(external({ file: "/token" }))).toBe("Bearer token-1")
    expect(Object.fromEntries(sts.calls[0]!.form)).toEqual({
      grant_type: "urn:ietf:params:oauth:grant-type:token-exchange",
      requested_token_type: "urn:ietf:params:oauth:token-type:access_token",
      audience: "//iam.googleapis.com/projects/1/locations/global/workloadIdentityPools/p",
      scope: "https://www.googleapis.com/auth/cloud-platform",
      subject_token_type: "urn:ietf:params:oauth:token-type:jwt",
      subject_token: "from-file",
    })
    const format = { type: "json", subject_token_field_name: "value" }
    const url = { url: issuer.url, headers: { "x-proof": "me" }, format }
    const acting = { service_account_impersonation_url: `${iam.url}/generateAccessToken` }
    expect(await token(external(url, acting))).toBe("Bearer acting")
    expect(issuer.calls[0]!.headers.get("x-proof")).toBe("me")
    expect(sts.calls[1]!.form.get("subject_token")).toBe("from-url")
    expect(iam.calls[0]!.headers.get("authorization")).toBe("Bearer token-2")

    expect((await failure(() => token(external({ file: "/gone" })))).message).toContain("/gone")
    const aws = external({ environment_id: "aws1", url: "http://169.254.169.254/x" })
    expect((await failure(() => token(aws))).message).toContain("credential_source")
  })

  test("as an API key are sent as they are and need no project", async () => {
    const credentials = googleCredentials(new Secret("AQ.Ab8RN6"), { context: worldOf() })
    expect(await credentials.headers(patience())).toEqual({ "x-goog-api-key": "AQ.Ab8RN6" })
    expect(await credentials.project()).toBeUndefined()
  })

  test("of a kind that is not known are refused by name", async () => {
    const text = '{"type":"gdch_service_account"}'
    const credentials = googleCredentials(new Secret(text), { context: worldOf() })
    const error = await failure(() => credentials.headers(patience()))
    expect(error.message).toContain("gdch_service_account")
    const broken = googleCredentials(new Secret("{nonsense"), { context: worldOf() })
    expect((await failure(() => broken.headers(patience()))).message).toContain("no JSON")
    const poor = new Secret('{"type":"service_account","client_email":"a@b"}')
    const lacking = googleCredentials(poor, { context: worldOf() })
    expect((await failure(() => lacking.headers(patience()))).message).toContain("`private_key`")
  })
})

describe("without a key", () => {
  test("GOOGLE_APPLICATION_CREDENTIALS names the file", async () => {
    const server = kept(startTokenServer())
    const context = worldOf({
      env: { GOOGLE_APPLICATION_CREDENTIALS: "/etc/sa.json", GOOGLE_CLOUD_PROJECT: "chosen" },
      readFile: (path) =>
        path === "/etc/sa.json"
          ? Promise.resolve(serviceAccount(server.url))
          : Promise.reject(new Error("no")),
    })
    const credentials = googleCredentials(undefined, { context })
    expect(await credentials.headers(patience())).toEqual({ authorization: "Bearer token-1" })
    expect(await credentials.project()).toBe("chosen")
  })

  test("gcloud's file is used, where gcloud keeps it", async () => {
    const server = kept(startTokenServer())
    const seen: string[] = []
    const context = worldOf({
      env: { CLOUDSDK_CONFIG: "/home/me/gcloud" },
      readFile(path) {
        seen.push(path)
        return Promise.resolve(serviceAccount(server.url))
      },
    })
    await googleCredentials(undefined, { context }).headers(patience())
    expect(seen).toEqual(["/home/me/gcloud/application_default_credentials.json"])
  })

  test("the metadata server of the machine is asked for token and project", async () => {
    const server = kept(
      startServer(({ path, headers }) => {
        if (headers.get("metadata-flavor") !== "Google") return new Response("", { status: 403 })
        return path.endsWith("/token")
          ? Response.json({ access_token: "machine", expires_in: 3599, token_type: "Bearer" })
          : new Response("machine-project\n")
      }),
    )
    const context = worldOf({ env: { GCE_METADATA_HOST: server.host } })
    const credentials = googleCredentials(undefined, { context })
    expect(await credentials.headers(patience())).toEqual({ authorization: "Bearer machine" })
    expect(await credentials.project()).toBe("machine-project")
    expect(await credentials.project()).toBe("machine-project")
    expect(server.calls.map(({ path }) => path)).toEqual([
      "/computeMetadata/v1/instance/service-accounts/default/token",
      "/computeMetadata/v1/project/project-id",
    ])
  })
})
