import { alike, type Case } from "./alike.ts"
import { CHAT_PATH, question } from "./requests.ts"

const bare = (method: string, target = CHAT_PATH, ...lines: string[]): Case => ({
  method,
  target,
  lines,
  framing: [],
  body: "",
})

alike("methods of a hot route", {
  "405 open": {
    GET: bare("GET"),
    "GET with a body": { method: "GET" },
    HEAD: bare("HEAD"),
    PUT: { method: "PUT" },
    PATCH: { method: "PATCH" },
    DELETE: bare("DELETE"),
    "DELETE with a body": { method: "DELETE" },
    OPTIONS: bare("OPTIONS"),
    TRACE: bare("TRACE"),
    CONNECT: bare("CONNECT"),
    "one of a web cache": bare("PURGE"),
  },
  "400 closed": {
    "OPTIONS of everything": bare("OPTIONS", "*"),
  },
  closed: {
    "one that nobody knows": bare("FLY"),
  },
})

alike("routes that are not hot", {
  "302 open": {
    "the beginning": bare("GET", "/"),
  },
  "200 open": {
    "whether anything is there": bare("HEAD", "/"),
    health: bare("GET", "/health"),
    readiness: bare("GET", "/health/ready"),
    "HEAD of readiness": bare("HEAD", "/health/ready"),
    models: bare("GET", "/v1/models"),
    "models of another protocol": bare("GET", "/v1beta/models"),
    "models as another client asks": bare("GET", "/v1/models", "anthropic-version: 2023-06-01"),
    "one model": bare("GET", "/v1/models/g"),
    "HEAD of models": bare("HEAD", "/v1/models"),
    "a page": bare("GET", "/swagger"),
  },
  "405 open": {
    "posting to the beginning": { target: "/" },
    "posting to readiness": { target: "/health/ready" },
    "posting to models": { target: "/v1/models" },
  },
  "404 open": {
    "a model that there is not": bare("GET", "/v1/models/none"),
    "a response": bare("GET", "/v1/responses/resp_1"),
    "a response that is deleted": bare("DELETE", "/v1/responses/resp_1"),
    "what there is not": bare("GET", "/v1/nothing"),
    "posting what there is not": { target: "/v1/nothing" },
    "posting below a hot route": { target: `${CHAT_PATH}/more` },
    "posting above a hot route": { target: "/v1/chat" },
    "posting far from everything": { target: "/a/b/c/d/e/f/g/h/i/j" },
    "the admin API": bare("GET", "/admin/deployments"),
    "the admin API's unknown": bare("GET", "/admin/nothing"),
  },
})

const upgrade = [
  ...["connection: Upgrade", "upgrade: websocket"],
  ...["sec-websocket-version: 13", "sec-websocket-key: dGhlIHNhbXBsZSBub25jZQ=="],
]
alike("upgrades", {
  "426 open": {
    "to a web socket of responses": bare("GET", "/v1/responses", ...upgrade),
  },
  "200 open": {
    "to a web socket elsewhere": bare("GET", "/v1/models", ...upgrade),
    "of a question to a web socket": { lines: upgrade },
    "of a question to HTTP/2": {
      lines: ["connection: Upgrade, HTTP2-Settings", "upgrade: h2c", "http2-settings: AAMAAABkAAQ"],
    },
    "without a connection that says so": { lines: ["upgrade: websocket"] },
  },
})

const json = (body: string): Case => ({ body, lines: ["content-type: application/json"] })
alike("bodies", {
  "400 open": {
    nothing: json(""),
    "no JSON": json("hello"),
    "JSON that breaks off": json('{"model":"g"'),
    "a list": json("[]"),
    null: json("null"),
    "a model twice": json('{"model":"g","model":"big","messages":[]}'),
    "a mark of byte order": json(`\xef\xbb\xbf${question()}`),
    "what an upstream refuses": json(question("bad")),
  },
  "200 open": {
    "no model": json('{"messages":[]}'),
    "broken UTF-8": json(question().replace("hi", "\xc3\x28")),
    "UTF-8": json(question().replace("hi", "\xe2\x9c\x93")),
    "a NUL within": json(question().replace("hi", "\0")),
    "blanks around": json(`  \r\n${question()}\r\n\r\n`),
    "what is streamed": json(question("live", { stream: true })),
    "without a type": { body: question() },
    "of another type": { body: question(), lines: ["content-type: text/plain"] },
    "of a form's type": {
      body: question(),
      lines: ["content-type: application/x-www-form-urlencoded"],
    },
  },
  "404 open": {
    "a model that there is not": json(question("none")),
  },
})
