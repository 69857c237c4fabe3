import { afterAll, describe, expect, test } from "bun:test"
import { Secret } from "../../src/core/secret.ts"
import { awsCredentials } from "../../src/providers/credentials/aws.ts"
import type { CredentialContext } from "../../src/providers/credentials/token-request.ts"
import {
  failure,
  type Call,
  handClock,
  patience,
  startServer,
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

/** A world without network: asking it for anything fails the test. */
const offline = (parts: Partial<CredentialContext>): CredentialContext =>
  worldOf({
    send: () => {
      throw new Error("the network was asked")
    },
    ...parts,
  })

const identity = (context: CredentialContext, key?: Secret) =>
  awsCredentials(key, { context, region: "eu-west-1" }).get(patience())

const files = (texts: Record<string, string>) => (path: string) =>
  path in texts ? Promise.resolve(texts[path]!) : Promise.reject(new Error(`no file ${path}`))

/** Keys as AWS's local servers write them: `AKIA-1`, `AKIA-2`, … */
function temporary(number: number, end: number) {
  return Response.json({
    Code: "Success",
    AccessKeyId: `AKIA-${number}`,
    SecretAccessKey: `secret-${number}`,
    Token: `session-${number}`,
    Expiration: new Date(end).toISOString(),
  })
}

/** What IMDS answers to those who have a token. */
function machine(call: Call, keys: () => Response): Response {
  if (call.path === "/latest/api/token") {
    return call.method === "PUT" ? new Response("imds-token") : new Response("", { status: 405 })
  }
  if (call.headers.get("x-aws-ec2-metadata-token") !== "imds-token") {
    return new Response("", { status: 401 })
  }
  const path = "/latest/meta-data/iam/security-credentials/"
  if (call.path === path) return new Response("the-role")
  return call.path === `${path}the-role` ? keys() : new Response("", { status: 404 })
}

describe("a provider key", () => {
  test.each([
    ["AKIA1:s/e+c=", { keys: { accessKeyId: "AKIA1", secretAccessKey: "s/e+c=" } }],
    [
      "ASIA1:secret:session==",
      { keys: { accessKeyId: "ASIA1", secretAccessKey: "secret", sessionToken: "session==" } },
    ],
    ["ABSKQmVkcm9ja0FQSUtleQ==", { bearer: "ABSKQmVkcm9ja0FQSUtleQ==" }],
    [" bedrock-api-key-x \n", { bearer: "bedrock-api-key-x" }],
  ])("written %p is read", async (text, expected) => {
    const env = { AWS_ACCESS_KEY_ID: "other", AWS_SECRET_ACCESS_KEY: "other" }
    expect(await identity(offline({ env }), new Secret(text))).toEqual(expected)
  })

  test("written otherwise is refused without showing it", async () => {
    for (const text of ["AKIA1:", ":secret", "AKIA1:secret:", "AKIA1:secret:session:more"]) {
      const error = await failure(() => identity(offline({}), new Secret(text, "env KEY")))
      expect(error.kind).toBe("upstream-unauthorized")
      expect(error.message).toContain("env KEY")
      expect(error.message).not.toContain("secret")
    }
  })
})

describe("without a key", () => {
  test("the environment counts first: an API key, then keys", async () => {
    const keys = {
      AWS_ACCESS_KEY_ID: "AKIA1",
      AWS_SECRET_ACCESS_KEY: "secret",
      AWS_SESSION_TOKEN: "session",
      AWS_PROFILE: "nobody",
    }
    expect(await identity(offline({ env: keys }))).toEqual({
      keys: { accessKeyId: "AKIA1", secretAccessKey: "secret", sessionToken: "session" },
    })
    const both = { ...keys, AWS_BEARER_TOKEN_BEDROCK: "ABSK1" }
    expect(await identity(offline({ env: both }))).toEqual({ bearer: "ABSK1" })
  })

  test("half of a pair is an error that says which half", async () => {
    const env = { AWS_ACCESS_KEY_ID: "AKIA1" }
    const error = await failure(() => identity(offline({ env })))
    expect(error.message).toBe("AWS_ACCESS_KEY_ID is set, and AWS_SECRET_ACCESS_KEY is not.")
  })

  const CREDENTIALS = `
# a comment
[default]
aws_access_key_id = AKIA-D
aws_secret_access_key = secret = with equals
[ work ]\r
aws_access_key_id=AKIA-W\r
AWS_SECRET_ACCESS_KEY=secret-w\r
aws_session_token=session-w\r
`
  const CONFIG = `
[profile configured]
s3 =
  aws_access_key_id = nested
aws_access_key_id = AKIA-C
aws_secret_access_key = secret-c
[profile sso]
sso_session = corp
[profile empty]
region = eu-west-1
`
  const readFile = files({ "/h/.aws/credentials": CREDENTIALS, "/h/.aws/config": CONFIG })
  const profile = (name?: string) =>
    identity(offline({ readFile, env: { HOME: "/h", ...(name && { AWS_PROFILE: name }) } }))

  test("the files of the AWS CLI count next, by profile", async () => {
    expect(await profile()).toEqual({
      keys: { accessKeyId: "AKIA-D", secretAccessKey: "secret = with equals" },
    })
    expect(await profile("work")).toEqual({
      keys: { accessKeyId: "AKIA-W", secretAccessKey: "secret-w", sessionToken: "session-w" },
    })
    expect(await profile("configured")).toEqual({
      keys: { accessKeyId: "AKIA-C", secretAccessKey: "secret-c" },
    })
  })

  test("a profile that is named and has no keys is an error, and nothing else is asked", async () => {
    expect((await failure(() => profile("sso"))).message).toContain("`sso_session`")
    expect((await failure(() => profile("empty"))).message).toContain("/h/.aws/credentials")
    expect((await failure(() => profile("absent"))).message).toContain("`absent`")
  })

  test("the files may be elsewhere, and are read again after a while", async () => {
    const clock = handClock()
    let id = "AKIA-1"
    const context = offline({
      clock,
      env: { AWS_SHARED_CREDENTIALS_FILE: "/etc/aws" },
      readFile: (path) =>
        path === "/etc/aws"
          ? Promise.resolve(`[default]\naws_access_key_id=${id}\naws_secret_access_key=s`)
          : Promise.reject(new Error("no file")),
    })
    const credentials = awsCredentials(undefined, { context, region: "eu-west-1" })
    const current = async () => {
      const found = await credentials.get(patience())
      return "keys" in found ? found.keys.accessKeyId : undefined
    }
    expect(await current()).toBe("AKIA-1")
    id = "AKIA-2"
    expect(await current()).toBe("AKIA-1")
    clock.forward(20 * MINUTE)
    expect(await current()).toBe("AKIA-2")
  })

  test("a service account's token is exchanged for a role's keys", async () => {
    const clock = handClock()
    const server = kept(
      startServer(() =>
        Response.json({
          AssumeRoleWithWebIdentityResponse: {
            AssumeRoleWithWebIdentityResult: {
              Credentials: {
                AccessKeyId: "ASIA-R",
                SecretAccessKey: "secret-r",
                SessionToken: "session-r",
                Expiration: (clock.wall() + 60 * MINUTE) / 1000,
              },
            },
          },
        }),
      ),
    )
    const env = {
      AWS_WEB_IDENTITY_TOKEN_FILE: "/var/token",
      AWS_ROLE_ARN: "arn:aws:iam::1:role/r",
      AWS_ENDPOINT_URL_STS: server.url,
      // Is not asked, since there is something else.
      AWS_CONTAINER_CREDENTIALS_FULL_URI: "http://127.0.0.1:9/",
    }
    const readFile = files({ "/var/token": "jwt\n" })
    expect(await identity(worldOf({ clock, env, readFile }))).toEqual({
      keys: { accessKeyId: "ASIA-R", secretAccessKey: "secret-r", sessionToken: "session-r" },
    })
    expect(Object.fromEntries(server.calls[0]!.form)).toEqual({
      Action: "AssumeRoleWithWebIdentity",
      Version: "2011-06-15",
      RoleArn: "arn:aws:iam::1:role/r",
      RoleSessionName: "llmrouter",
      WebIdentityToken: "jwt",
    })
  })

  test("a container's server is asked where the environment names it", async () => {
    const clock = handClock()
    const server = kept(startServer(() => temporary(1, clock.wall() + 60 * MINUTE)))
    const env = {
      AWS_CONTAINER_CREDENTIALS_FULL_URI: `${server.url}/v1/credentials`,
      AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE: "/var/pod-token",
      AWS_CONTAINER_AUTHORIZATION_TOKEN: "not this one",
    }
    const readFile = files({ "/var/pod-token": "pod-token\n" })
    expect(await identity(worldOf({ clock, env, readFile }))).toEqual({
      keys: { accessKeyId: "AKIA-1", secretAccessKey: "secret-1", sessionToken: "session-1" },
    })
    expect(server.calls[0]!.path).toBe("/v1/credentials")
    expect(server.calls[0]!.headers.get("authorization")).toBe("pod-token")
  })

  test("a container's server far away is not asked in the open", async () => {
    for (const url of [
      "http://example.com/",
      "http://169.254.169.254/",
      "http://127.0.0.1.example.com/",
      "no url",
    ]) {
      const env = { AWS_CONTAINER_CREDENTIALS_FULL_URI: url }
      const error = await failure(() => identity(offline({ env })))
      expect(error.message).toContain("AWS_CONTAINER_CREDENTIALS_FULL_URI")
    }
  })

  test("the machine's metadata service is asked last, with a token of its own", async () => {
    const clock = handClock()
    const server = kept(
      startServer((call) => machine(call, () => temporary(1, clock.wall() + 60 * MINUTE))),
    )
    const env = { AWS_EC2_METADATA_SERVICE_ENDPOINT: `${server.url}/` }
    expect(await identity(worldOf({ clock, env }))).toEqual({
      keys: { accessKeyId: "AKIA-1", secretAccessKey: "secret-1", sessionToken: "session-1" },
    })
    expect(server.calls.map(({ method }) => method)).toEqual(["PUT", "GET", "GET"])
    expect(server.calls[0]!.headers.get("x-aws-ec2-metadata-token-ttl-seconds")).toBe("300")
  })

  test("where nothing is found, the error says where it was looked", async () => {
    const asked: string[] = []
    const context = worldOf({
      send(request) {
        asked.push(request.url)
        throw new Error("no route")
      },
    })
    const error = await failure(() => identity(context))
    expect(error).toMatchObject({ kind: "upstream-unauthorized", status: 401 })
    expect(error.message).toContain("AWS_ACCESS_KEY_ID")
    expect(asked).toEqual(["http://169.254.169.254/latest/api/token"])
    const off = offline({ env: { AWS_EC2_METADATA_DISABLED: "true" } })
    expect((await failure(() => identity(off))).message).toContain("no AWS credentials")
  })

  test("a machine without a role is an error of its own", async () => {
    const server = kept(
      startServer((call) =>
        call.method === "PUT" ? new Response("t") : new Response("", { status: 404 }),
      ),
    )
    const env = { AWS_EC2_METADATA_SERVICE_ENDPOINT: server.url }
    expect((await failure(() => identity(worldOf({ env })))).message).toContain("answered 404")
  })

  test("a refusal inside a 200 is one", async () => {
    const server = kept(
      startServer((call) =>
        machine(call, () =>
          Response.json({ Code: "AssumeRoleUnauthorizedAccess", Message: "No." }),
        ),
      ),
    )
    const env = { AWS_EC2_METADATA_SERVICE_ENDPOINT: server.url }
    expect((await failure(() => identity(worldOf({ env })))).message).toContain("without keys: No.")
  })
})

describe("keys that end", () => {
  function world(life: number) {
    const clock = handClock()
    const server = kept(startServer((_call, index) => temporary(index + 1, clock.wall() + life)))
    const env = { AWS_CONTAINER_CREDENTIALS_FULL_URI: server.url }
    const credentials = awsCredentials(undefined, {
      context: worldOf({ clock, env }),
      region: "eu-west-1",
    })
    const current = async () => {
      const found = await credentials.get(patience())
      return "keys" in found ? found.keys.sessionToken : undefined
    }
    return { clock, server, credentials, current }
  }

  test("are fetched once for any number of requests", async () => {
    const { server, current } = world(60 * MINUTE)
    const all = await Promise.all(Array.from({ length: 50 }, current))
    expect(new Set(all)).toEqual(new Set(["session-1"]))
    expect(await current()).toBe("session-1")
    expect(server.calls).toHaveLength(1)
  })

  test("are renewed beside the requests before they end, and waited for when they have", async () => {
    const { clock, server, current } = world(60 * MINUTE)
    expect(await current()).toBe("session-1")
    clock.forward(56 * MINUTE)
    expect(await current()).toBe("session-1")
    await until(async () => (await current()) === "session-2")
    expect(server.calls).toHaveLength(2)
    clock.forward(61 * MINUTE)
    expect(await current()).toBe("session-3")
  })

  test("are fetched anew when a request was refused that began after they came", async () => {
    const { clock, credentials, current } = world(60 * MINUTE)
    expect(await current()).toBe("session-1")
    credentials.forget(clock.now())
    expect(await current()).toBe("session-1")
    clock.forward(1)
    credentials.forget(clock.now())
    expect(await current()).toBe("session-2")
  })

  test("serve on to their end when they cannot be renewed", async () => {
    const { clock, server, current } = world(60 * MINUTE)
    expect(await current()).toBe("session-1")
    server.answer = () => new Response("", { status: 500 })
    clock.forward(57 * MINUTE)
    expect(await current()).toBe("session-1")
    await until(() => server.calls.length === 2)
    expect(await current()).toBe("session-1")
    clock.forward(5 * MINUTE)
    expect((await failure(current)).kind).toBe("upstream-unreachable")
  })
})
