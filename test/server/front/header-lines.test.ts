import { alike, type Case } from "./alike.ts"
import { CHAT_PATH, question, request } from "./requests.ts"

const body = question()
const size = body.length
const line = (...lines: string[]): Case => ({ lines })
const length = (...framing: string[]): Case => ({ framing })

alike("header names", {
  "200 open": {
    "in capitals": line("CONTENT-TYPE: application/json", "ACCEPT: */*"),
    "in both cases": line("cOnTeNt-TyPe: application/json"),
    "a length in capitals": length(`CONTENT-LENGTH: ${size}`),
    "a host in capitals": { host: ["HOST: localhost"] },
    "with every sign that a name may have": line("x!#$%&'*+-.^_`|~9: 1"),
    "an underscore for a dash": length(`content-length: ${size}`, "content_length: 3"),
    "of machinery": line("__proto__: 1", "constructor: 2", "toString: 3"),
    "very long": line(`x-${"a".repeat(2000)}: 1`),
  },
  "400 closed": {
    "no name": line(": 1"),
    "no colon": line("x-odd"),
    "nothing but blanks": line("   "),
    "a blank before the colon": line("x-odd : 1"),
    "a tab before the colon": line("x-odd\t: 1"),
    "a blank within": line("x odd: 1"),
    "a blank in front": line(" x-odd: 1"),
    "a blank in front of the first one": { host: [" x-odd: 1", "host: localhost"] },
    "a blank before the colon of the length": length(`content-length : ${size}`),
    brackets: line("x(odd): 1"),
    quotes: line('x"odd": 1'),
    "above ASCII": line("x-\xe9: 1"),
  },
})

alike("header values", {
  "200 open": {
    "no blank in front": length(`content-length:${size}`),
    "a tab in front": length(`content-length:\t${size}`),
    "blanks on both sides": length(`content-length:  ${size}  `),
    "tabs on both sides": length(`content-length:\t${size}\t`),
    empty: line("x-odd:", "accept:"),
    blank: line("x-odd:   "),
    "with tabs and blanks within": line("x-odd: a\t b  c"),
    "with commas and semicolons": line("accept: application/json;q=1, */*;q=0.1,,"),
    "in latin1": line("user-agent: caf\xe9"),
    "in UTF-8": line("user-agent: caf\xc3\xa9 \xe2\x9c\x93"),
    "above ASCII in what is passed on": line("x-request-id: caf\xe9", "idempotency-key: caf\xe9"),
    "a delete": line("x-odd: a\x7fb"),
    "of a kilobyte": line(`x-odd: ${"a".repeat(1024)}`),
  },
  "400 closed": {
    "folded with a blank": line("x-odd: a", " b"),
    "folded with a tab": line("x-odd: a", "\tb"),
    "a folded length": length("content-length:", ` ${size}`),
    "a folded host": { host: ["host:", " localhost"] },
    "a lone return": line("x-odd: a\rb"),
    "a lone line feed": line("x-odd: a\nx-more: b"),
    "two returns": line("x-odd: a\r"),
    "a NUL": line("x-odd: a\0b"),
    "a bell": line("x-odd: a\x07b"),
  },
})

alike("headers that come twice", {
  "403 open": {
    "the same host": { host: ["host: localhost", "host: localhost"] },
    "another host behind": { host: ["host: localhost", "host: evil.test"] },
    "another host in front": { host: ["host: evil.test", "host: localhost"] },
  },
  "200 open": {
    accept: line("accept: application/json", "accept: text/event-stream"),
    "content types": line("content-type: application/json", "content-type: text/plain"),
    "the model's key": line("authorization: Bearer a", "authorization: Bearer b"),
    connections: line("connection: keep-alive", "connection: keep-alive"),
    cookies: line("cookie: a=1", "cookie: b=2"),
    "what an upstream is told": line("openai-beta: a", "openai-beta: b"),
    "user agents": line("user-agent: a", "user-agent: b"),
  },
  "200 closed": {
    "connections of both kinds": line("connection: keep-alive", "connection: close"),
  },
})

const bare = (text: string): Case => Buffer.from(text, "latin1")
const first = `POST ${CHAT_PATH} HTTP/1.1`

alike("line ends and first lines", {
  "505 closed": {
    "line feeds alone": bare(`${first}\nhost: localhost\ncontent-length: ${size}\n\n${body}`),
    "a line feed alone behind the first line": bare(
      `${first}\nhost: localhost\r\ncontent-length: ${size}\r\n\r\n${body}`,
    ),
    "returns alone": bare(`${first}\rhost: localhost\rcontent-length: ${size}\r\r${body}`),
    "a tab behind the method": bare(request().toString().replace("POST ", "POST\t")),
    "two blanks before the version": bare(request().toString().replace(" HTTP", "  HTTP")),
    "a blank behind the version": bare(request().toString().replace("1.1\r", "1.1 \r")),
    "no version": bare(
      `POST ${CHAT_PATH}\r\nhost: localhost\r\ncontent-length: ${size}\r\n\r\n${body}`,
    ),
    "a version in small letters": { version: "http/1.1" },
    "version 1.2": { version: "HTTP/1.2" },
    "version 2.0": { version: "HTTP/2.0" },
    "version 0.9": { version: "HTTP/0.9" },
    "version 1.10": { version: "HTTP/1.10" },
    "version 11": { version: "HTTP/11" },
  },
  "400 closed": {
    "a line feed alone behind a header": bare(
      `${first}\r\nhost: localhost\ncontent-length: ${size}\r\n\r\n${body}`,
    ),
    "a line feed alone before the body": bare(
      `${first}\r\nhost: localhost\r\ncontent-length: ${size}\r\n\n${body}`,
    ),
    "an empty line in front": bare(`\r\n${request()}`),
    "two empty lines in front": bare(`\r\n\r\n${request()}`),
    "a blank in front": bare(` ${request()}`),
    "two blanks behind the method": bare(request().toString().replace("POST ", "POST  ")),
    "a preface of HTTP/2": bare("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"),
    "a greeting of TLS": bare(
      `\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03${"\x42".repeat(300)}\r\n\r\n`,
    ),
    "a word": bare("hello\r\n\r\n"),
    nonsense: bare("\0\x01\x02\xff\xfe\r\n\r\n\r\n"),
  },
  closed: {
    "a method in small letters": { method: "post" },
    "a method that begins like POST": { method: "POSTS" },
    "a method that POST begins with": { method: "POS" },
  },
})
