import { alike, type Case } from "./alike.ts"
import { chunks, question } from "./requests.ts"

const body = question()
const size = body.length
const length = (...framing: string[]): Case => ({ framing })
const chunked = (text: string, ...framing: string[]): Case => ({
  framing: framing.length > 0 ? framing : ["transfer-encoding: chunked"],
  body: text,
})

alike("lengths", {
  "400 closed": {
    "with a sign": length(`content-length: +${size}`),
    negative: length("content-length: -1"),
    "with many zeros in front": length(`content-length: ${"0".repeat(40)}${size}`),
    "in hexadecimal digits": length(`content-length: 0x${size.toString(16)}`),
    "with a fraction": length(`content-length: ${size}.0`),
    "with an exponent": length("content-length: 5e1"),
    "with a unit": length(`content-length: ${size} bytes`),
    "in quotes": length(`content-length: "${size}"`),
    "a word": length("content-length: many"),
    empty: length("content-length:"),
    blank: length("content-length:  "),
    "a list": length(`content-length: ${size},${size}`),
    "a list with a blank": length(`content-length: ${size}, ${size}`),
    "a list that differs": length(`content-length: ${size}, 1`),
    "two that differ": length(`content-length: ${size}`, "content-length: 1"),
    "two that differ, the wrong one first": length("content-length: 1", `content-length: ${size}`),
    "two that differ in zeros": length(`content-length: ${size}`, `content-length: 0${size}`),
    "two, one of them empty": length(`content-length: ${size}`, "content-length:"),
    "beyond 64 bits": length(`content-length: ${2n ** 64n + BigInt(size)}`),
    "of a thousand digits": length(`content-length: ${"9".repeat(1000)}`),
    "of digits that are not ASCII": length("content-length: \xb2\xb3"),
  },
  "200 open": {
    "with zeros in front": length(`content-length: 000${size}`),
    "two that are the same": length(`content-length: ${size}`, `content-length: ${size}`),
  },
  "413 closed": {
    "beyond every limit": length("content-length: 99999999999999"),
    "beyond 53 bits": length("content-length: 9007199254740993"),
  },
  "400 open": {
    zero: { framing: ["content-length: 0"], body: "" },
    "zero, written long": { framing: ["content-length: 000"], body: "" },
    none: { framing: [], body: "" },
  },
})

alike("chunks", {
  "200 open": {
    "as they should be": chunked(chunks(body)),
    "one by one": chunked(chunks(body, 1)),
    "in one": chunked(chunks(body, 1000)),
    "sizes in capitals": chunked(`${size.toString(16).toUpperCase()}\r\n${body}\r\n0\r\n\r\n`),
    "sizes with zeros in front": chunked(`000${size.toString(16)}\r\n${body}\r\n0\r\n\r\n`),
    "with an extension": chunked(`${size.toString(16)};a=b\r\n${body}\r\n0\r\n\r\n`),
  },
  "400 open": {
    none: chunked("0\r\n\r\n"),
  },
  "400 closed": {
    "a bad size": chunked(`zz\r\n${body}\r\n0\r\n\r\n`),
    "an empty size": chunked(`\r\n${body}\r\n0\r\n\r\n`),
    "a size with a sign": chunked(`+${size.toString(16)}\r\n${body}\r\n0\r\n\r\n`),
    "a negative size": chunked(`-1\r\n${body}\r\n0\r\n\r\n`),
    "a size in other digits": chunked(`0x${size.toString(16)}\r\n${body}\r\n0\r\n\r\n`),
    "a size beyond 64 bits": chunked(`1${"0".repeat(16)}\r\n${body}\r\n0\r\n\r\n`),
    "a size that is too small": chunked(`5\r\n${body}\r\n0\r\n\r\n`),
    "line feeds alone": chunked(`${size.toString(16)}\n${body}\n0\n\n`),
    "no line end behind the bytes": chunked(`${size.toString(16)}\r\n${body}0\r\n\r\n`),
  },
})

const whole = chunks(body, 1000)
alike("transfer encodings", {
  "200 open": {
    "in capitals": chunked(whole, "TRANSFER-ENCODING: CHUNKED"),
    "with blanks": chunked(whole, "transfer-encoding:  chunked  "),
    "with a tab in front": chunked(whole, "transfer-encoding:\tchunked"),
    "with a comma": chunked(whole, "transfer-encoding: chunked,"),
    "with an underscore, and a length": chunked(
      body,
      `content-length: ${size}`,
      "transfer_encoding: chunked",
    ),
  },
  "400 closed": {
    "in quotes": chunked(whole, 'transfer-encoding: "chunked"'),
    twice: chunked(whole, "transfer-encoding: chunked", "transfer-encoding: chunked"),
    "twice in one": chunked(whole, "transfer-encoding: chunked, chunked"),
    identity: chunked(whole, "transfer-encoding: identity"),
    "identity, then chunked": chunked(whole, "transfer-encoding: identity, chunked"),
    "chunked, then identity": chunked(whole, "transfer-encoding: chunked, identity"),
    "gzip, then chunked": chunked(whole, "transfer-encoding: gzip, chunked"),
    "one that begins like chunked": chunked(whole, "transfer-encoding: chunkedx"),
    "one that ends like chunked": chunked(whole, "transfer-encoding: xchunked"),
    empty: chunked(whole, "transfer-encoding:"),
    unknown: chunked(whole, "transfer-encoding: x"),
    "a vertical tab in front": chunked(whole, "transfer-encoding: \x0bchunked"),
    "a blank before the colon": chunked(whole, "transfer-encoding : chunked"),
    "and a length behind": chunked(whole, "transfer-encoding: chunked", `content-length: ${size}`),
    "and a length in front": chunked(
      whole,
      `content-length: ${size}`,
      "transfer-encoding: chunked",
    ),
    "identity, and a length": chunked(
      body,
      "transfer-encoding: identity",
      `content-length: ${size}`,
    ),
    "empty, and a length": chunked(body, "transfer-encoding:", `content-length: ${size}`),
    "folded, and a length": chunked(
      whole,
      `content-length: ${size}`,
      "transfer-encoding:",
      " chunked",
    ),
  },
})

const coded = (...lines: string[]): Case => ({ lines })
alike("content encodings", {
  "415 open": {
    gzip: coded("content-encoding: gzip"),
    "identity in capitals": coded("content-encoding: IDENTITY"),
    two: coded("content-encoding: identity", "content-encoding: gzip"),
  },
  "200 open": {
    identity: coded("content-encoding: identity"),
    empty: coded("content-encoding:"),
  },
})

alike("expectations", {
  "(100) 200 open": {
    "100-continue": coded("expect: 100-continue"),
    "100-continue, and chunks": {
      lines: ["expect: 100-continue"],
      framing: ["transfer-encoding: chunked"],
      body: whole,
    },
  },
  "200 open": {
    "100-continue in capitals": coded("EXPECT: 100-CONTINUE"),
    another: coded("expect: a-miracle"),
    "none that is said": coded("expect:"),
  },
  "(100) 200 closed": {
    "100-continue of version 1.0": { version: "HTTP/1.0", lines: ["expect: 100-continue"] },
  },
})
