import { alike, type Case } from "./alike.ts"
import { CHAT_PATH } from "./requests.ts"

const to = (target: string, more: object = {}): Case => ({ target, ...more })
const gemini = JSON.stringify({ contents: [{ role: "user", parts: [{ text: "hi" }] }] })
const asks = (target: string): Case => to(target, { body: gemini })
const host = (...lines: string[]): Case => ({ host: lines })

alike("targets of a hot route", {
  "200 open": {
    "with the prefix of its protocol": to(`/openai${CHAT_PATH}`),
    "with a query": to(`${CHAT_PATH}?a=1&b=2`),
    "with an empty query": to(`${CHAT_PATH}?`),
    "with two marks": to(`${CHAT_PATH}?a=1?b=2`),
    "with escapes in the query": to(`${CHAT_PATH}?a=%20%zz`),
    "with signs in the query": to(`${CHAT_PATH}?a=[]{}|\\^"<>\``),
    "with a key in the query": to(`${CHAT_PATH}?key=sk-caller`),
    "with a fragment behind a query": to(`${CHAT_PATH}?a=1#there`),
    "with a slash behind": to(`${CHAT_PATH}/`),
    "with a dot": to("/v1/./chat/completions"),
    "with two dots": to("/v1/x/../chat/completions"),
    "with two dots above the root": to("/../v1/chat/completions"),
    "with escaped dots": to("/v1/%2e%2e/v1/chat/completions"),
    "with a backslash": to("/v1\\chat\\completions"),
    "above ASCII in the query": to(`${CHAT_PATH}?a=\xe9`),
    absolute: to(`http://localhost${CHAT_PATH}`),
    "absolute, with a query": to(`http://localhost${CHAT_PATH}?a=1`),
    "absolute, of another host": to(`http://elsewhere.test${CHAT_PATH}`),
    "absolute, with a user": to(`http://me:secret@localhost${CHAT_PATH}`),
    "absolute, of another scheme": to(`https://localhost${CHAT_PATH}`),
    "of a kilobyte": to(`${CHAT_PATH}?a=${"a".repeat(1000)}`),
  },
  "404 open": {
    "with another's prefix": to(`/anthropic${CHAT_PATH}`),
    "with a prefix twice": to(`/openai/openai${CHAT_PATH}`),
    "with a fragment": to(`${CHAT_PATH}#there`),
    "with two slashes in front": to(`/${CHAT_PATH}`),
    "with two slashes within": to("/v1//chat/completions"),
    "with an escaped letter": to("/v1/ch%61t/completions"),
    "with an escaped slash": to("/v1/chat%2fcompletions"),
    "with an escaped NUL": to("/v1/chat/completions%00"),
    "with half an escape": to("/v1/chat/completions%"),
    "with a wrong escape": to("/v1/chat/completions%zz"),
    "in capitals": to("/V1/CHAT/COMPLETIONS"),
    "with a parameter": to(`${CHAT_PATH};a=1`),
    "above ASCII": to("/v1/chat/completions\xe9"),
    "with a delete": to("/v1/chat/completions\x7f"),
  },
  "400 closed": {
    "without a slash in front": to("v1/chat/completions"),
    "absolute, of no scheme": to(`://localhost${CHAT_PATH}`),
    "an authority": to("localhost:80"),
    "a star": to("*"),
    nothing: to(""),
  },
  "505 closed": {
    "with a tab": to("/v1/chat/completions\t"),
    "with a NUL": to("/v1/chat/completions\0"),
  },
  "405 open": {
    "a root": to("/"),
  },
})

alike("other hot routes", {
  "200 open": {
    messages: to("/v1/messages", {
      body: '{"model":"g","max_tokens":9,"messages":[{"role":"user","content":"hi"}]}',
    }),
    "messages with a prefix": to("/anthropic/v1/messages", {
      body: '{"model":"g","max_tokens":9,"messages":[{"role":"user","content":"hi"}]}',
    }),
    "messages with a query": to("/v1/messages?beta=true", {
      body: '{"model":"g","max_tokens":9,"messages":[{"role":"user","content":"hi"}]}',
    }),
    "tokens of messages": to("/v1/messages/count_tokens", {
      body: '{"model":"g","messages":[{"role":"user","content":"hi"}]}',
    }),
    responses: to("/v1/responses", { body: '{"model":"g","store":false,"input":"hi"}' }),
    "responses with a prefix": to("/openai/v1/responses", {
      body: '{"model":"g","store":false,"input":"hi"}',
    }),
    "tokens of responses": to("/v1/responses/input_tokens", { body: '{"model":"g","input":"hi"}' }),
    embeddings: to("/v1/embeddings", { body: '{"model":"g","input":"hi"}' }),
    completions: to("/v1/completions", { body: '{"model":"g","prompt":"hi"}' }),
    moderations: to("/v1/moderations", { body: '{"model":"g","input":"hi"}' }),
    rerank: to("/v1/rerank", { body: '{"model":"g","query":"hi","documents":["a"]}' }),
    speech: to("/v1/audio/speech", { body: '{"model":"g","input":"hi","voice":"a"}' }),
    "a transcription": to("/v1/audio/transcriptions", {
      lines: ["content-type: multipart/form-data; boundary=x"],
      body: '--x\r\ncontent-disposition: form-data; name="model"\r\n\r\ng\r\n--x\r\ncontent-disposition: form-data; name="file"; filename="a.wav"\r\n\r\nabc\r\n--x--\r\n',
    }),
  },
  "404 open": {
    "a response that is cancelled": to("/v1/responses/resp_1/cancel", { body: "" }),
  },
})

alike("targets that name a model and an action", {
  "200 open": {
    content: asks("/v1beta/models/g:generateContent"),
    "content with a prefix": asks("/gemini/v1beta/models/g:generateContent"),
    "content of the other version": asks("/v1/models/g:generateContent"),
    "content without `models`": asks("/v1beta/g:generateContent"),
    "content with a key": asks("/v1beta/models/g:generateContent?key=sk-caller"),
    streamed: asks("/v1beta/models/live:streamGenerateContent?alt=sse"),
    "streamed as a list": asks("/v1beta/models/live:streamGenerateContent"),
    tokens: asks("/v1beta/models/g:countTokens"),
    "no model": asks("/v1beta/models/:generateContent"),
    "an escaped colon": asks("/v1beta/models/g%3AgenerateContent"),
    "an escaped colon in small letters": asks("/v1beta/models/g%3agenerateContent"),
    "an escaped name": asks("/v1beta/models/%67:generateContent"),
    "a name with a slash": asks("/v1beta/models/u0/g:generateContent"),
    "a name with an escaped slash": asks("/v1beta/models/u0%2Fg:generateContent"),
    dots: asks("/v1beta/models/../models/g:generateContent"),
  },
  "404 open": {
    "an action that there is not": asks("/v1beta/models/g:fly"),
    "an action of machinery": asks("/v1beta/models/g:constructor"),
    "an action in capitals": asks("/v1beta/models/g:GENERATECONTENT"),
    "no action": asks("/v1beta/models/g"),
    "an empty action": asks("/v1beta/models/g:"),
    "two colons": asks("/v1beta/models/g:1:generateContent"),
    "a wrong escape": asks("/v1beta/models/%zz:generateContent"),
    "two slashes": asks("/v1beta/models//g:generateContent"),
    "a model that there is not": asks("/v1beta/models/none:generateContent"),
    "a slash behind": asks("/v1beta/models/g:generateContent/"),
  },
})

alike("hosts", {
  "400 closed": {
    none: host(),
    "none beside an absolute target": { target: `http://localhost${CHAT_PATH}`, host: [] },
  },
  "403 open": {
    empty: host("host:"),
    "another machine's": host("host: evil.test"),
    "another machine's that begins like this one's": host("host: localhost.evil.test"),
    "with a user": host("host: me@localhost"),
    "with a path": host("host: localhost/v1"),
    "with blanks within": host("host: local host"),
    "a bracket": host("host: ["),
    "with a word for a port": host("host: localhost:http"),
    "a list": host("host: localhost, localhost"),
    "above ASCII": host("host: localh\xf6st"),
    "with a percent sign": host("host: local%68ost"),
    "an address in a query's form": host("host: localhost?a"),
    "another one beside an absolute target": {
      target: `http://localhost${CHAT_PATH}`,
      host: ["host: evil.test"],
    },
  },
  "200 open": {
    "this machine's address": host("host: 127.0.0.1:8080"),
    "this machine's other address": host("host: [::1]:8080"),
    "of a container's machine": host("host: host.docker.internal:8080"),
    "in capitals": host("host: LOCALHOST"),
    "with a wrong port": host("host: localhost:99999"),
  },
  "403 closed": {
    "none, of version 1.0": { version: "HTTP/1.0", host: [] },
  },
})
