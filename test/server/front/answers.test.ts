import { alike, type Case } from "./alike.ts"
import { question } from "./requests.ts"

const accepting = (accept: string | undefined, model: string): Case => ({
  body: question(model, model === "live" ? { stream: true } : {}),
  lines: accept === undefined ? [] : [`accept-encoding: ${accept}`],
})

const ACCEPTED: Record<string, string | undefined> = {
  "nothing said": undefined,
  gzip: "gzip",
  br: "br",
  zstd: "zstd",
  deflate: "deflate",
  identity: "identity",
  "whatever there is": "*",
  "what browsers say": "gzip, deflate, br, zstd",
  weights: "gzip;q=0.5, br;q=0.8, identity;q=0.1",
  "nothing but identity": "identity, *;q=0",
  "nothing at all": "*;q=0, identity;q=0",
  empty: "",
  nonsense: "gzip;q=two, ;;,",
}

for (const model of ["g", "edge", "big", "live", "bad"]) {
  alike(`codings that a client accepts for ${model}`, {
    [model === "bad" ? "400 open" : "200 open"]: Object.fromEntries(
      Object.entries(ACCEPTED).map(([name, accept]) => [name, accepting(accept, model)]),
    ),
  })
}

alike(
  "codings that a client accepts of a router that does not compress",
  {
    "200 open": {
      gzip: accepting("gzip", "big"),
      "nothing said": accepting(undefined, "big"),
    },
  },
  { server: { compression: false } },
)

const from = (origin: string, model = "g", ...lines: string[]): Case => ({
  body: question(model, model === "live" ? { stream: true } : {}),
  lines: [`origin: ${origin}`, ...lines],
})
const ORIGINS: Record<string, Case> = {
  "this machine's": from("http://localhost:3000"),
  "this machine's, streamed": from("http://localhost:3000", "live"),
  "a listed one": from("https://chat.example.com"),
  "a listed one in capitals": from("HTTPS://CHAT.example.com"),
  "a listed one, streamed": from("https://chat.example.com", "live"),
  "a listed one, compressed": from("https://chat.example.com", "big", "accept-encoding: gzip"),
  "a listed one, refused": from("https://chat.example.com", "bad"),
  "a listed one, to nothing": from("https://chat.example.com", "none"),
  "another one": from("https://evil.test"),
  "no one": from("null"),
  empty: from(""),
  two: from("https://chat.example.com", "g", "origin: https://evil.test"),
  "none that is said": {},
  "a preflight": {
    ...{ method: "OPTIONS", framing: [], body: "" },
    lines: ["origin: https://chat.example.com", "access-control-request-method: POST"],
  },
}

alike("origins where none is listed", { alike: ORIGINS })
alike(
  "origins where one is listed",
  { alike: ORIGINS },
  {
    server: { cors: { origins: ["https://chat.example.com"] } },
  },
)
alike("origins where all are", { alike: ORIGINS }, { server: { cors: true } })
alike(
  "origins where all are, and one by name",
  { alike: ORIGINS },
  {
    server: { cors: { origins: ["*", "https://chat.example.com"] } },
  },
)

const KEY = "sk-router-first-0001"
const keyed = (...lines: string[]): Case => ({ lines })
alike(
  "caller keys",
  {
    "200 open": {
      "a good one": keyed(`authorization: Bearer ${KEY}`),
      "a good one, the scheme in small letters": keyed(`authorization: bearer ${KEY}`),
      "a good one with blanks": keyed(`authorization:   Bearer   ${KEY}   `),
      "a good one of another protocol": keyed(`x-api-key: ${KEY}`),
      "a good one of yet another": keyed(`x-goog-api-key: ${KEY}`),
      "one good, of two protocols": keyed("authorization: Bearer x", `x-api-key: ${KEY}`),
      "in the query": { target: `/v1/chat/completions?key=${KEY}` },
      "another host": { host: ["host: any.test"], lines: [`authorization: Bearer ${KEY}`] },
      "another origin": keyed(`authorization: Bearer ${KEY}`, "origin: https://evil.test"),
    },
    "401 open": {
      none: keyed(),
      "an empty one": keyed("authorization:"),
      "a scheme alone": keyed("authorization: Bearer"),
      "a wrong one": keyed("authorization: Bearer sk-wrong"),
      "another scheme": keyed("authorization: Basic c2s6c2s="),
      "a good one, then a wrong one": keyed(
        `authorization: Bearer ${KEY}`,
        "authorization: Bearer x",
      ),
      "a wrong one, then a good one": keyed(
        "authorization: Bearer x",
        `authorization: Bearer ${KEY}`,
      ),
      "above ASCII": keyed("authorization: Bearer sk-\xe9"),
    },
  },
  { auth: { keys: [KEY] } },
)
