import { alike, type Case } from "./alike.ts"

const live = (more: object = {}): Case => ({
  ...{ method: "GET", target: "/health/live", framing: [], body: "" },
  ...more,
})
const saying = (...lines: string[]): Case => live({ lines })

alike("questions whether the router is alive", {
  "200 open": {
    plain: live(),
    "of a cluster": saying("user-agent: kube-probe/1.31", "accept: */*", "connection: keep-alive"),
    "with a name in capitals": live({ host: ["HOST: LOCALHOST"] }),
    "for another host": live({ host: ["host: 10.0.0.7:8080"] }),
    "for no host": live({ host: ["host:"] }),
    "for two hosts": live({ host: ["host: a", "host: b"] }),
    "with what is above ASCII": saying("user-agent: caf\xe9"),
    "with an odd name": saying("x!y: 1"),
    "with a body that is empty": live({ framing: ["content-length: 0"] }),
    "with a body": live({ framing: ["content-length: 2"], body: "ab" }),
    "in chunks": live({ framing: ["transfer-encoding: chunked"], body: "0\r\n\r\n" }),
    "with a query": live({ target: "/health/live?a=1" }),
    "with an upgrade": saying("connection: upgrade", "upgrade: websocket"),
    "with an odd connection": saying("connection: x-odd"),
    "with an expectation": saying("expect: nothing"),
    "from an origin": saying("origin: http://localhost"),
    "in a long head": saying(`x-long: ${"a".repeat(3000)}`),
    "without its body": live({ method: "HEAD" }),
    "with a slash behind": live({ target: "/health/live/" }),
  },
  "200 closed": {
    "with a wish to close": saying("connection: close"),
    "with both wishes": saying("connection: keep-alive", "connection: close"),
    "of version 1.0": live({ version: "HTTP/1.0" }),
  },
  "400 closed": {
    "without a host": live({ host: [] }),
    "with a folded line": saying("x-odd: a", " b"),
    "with a blank before a colon": saying("x-odd : a"),
    "with a lone line feed": saying("x-odd: a\nx-more: b"),
    "with a NUL": saying("x-odd: a\0"),
    "with a bad length": live({ framing: ["content-length: x"] }),
  },
  "404 open": {
    "in capitals": live({ target: "/HEALTH/LIVE" }),
  },
  "405 open": { "in another way": live({ method: "POST" }) },
})

alike(
  "questions whether the router is alive, where web pages may ask",
  { "200 open": { plain: live(), "from an origin": saying("origin: https://chat.example.com") } },
  { server: { cors: { origins: ["https://chat.example.com"] } } },
)
