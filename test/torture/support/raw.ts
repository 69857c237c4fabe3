import { connect } from "node:net"

/** Sends these bytes and returns everything that came back as latin1, once `done` holds or the peer closed. */
export function sendRaw(
  url: string,
  bytes: string | Uint8Array,
  done: (text: string) => boolean = answered,
  options: { halfClose?: boolean; within?: number } = {},
): Promise<string> {
  const { port, hostname } = new URL(url)
  return new Promise((resolve, reject) => {
    let text = ""
    const socket = connect({ port: Number(port), host: hostname, allowHalfOpen: true })
    const timer = setTimeout(() => {
      socket.destroy()
      reject(new Error(`neither an answer nor a close, only ${JSON.stringify(text)}`))
    }, options.within ?? 20_000)
    const finish = () => {
      clearTimeout(timer)
      socket.destroy()
      resolve(text)
    }
    socket.on("data", (part: Buffer) => {
      text += part.toString("latin1")
      if (done(text)) finish()
    })
    socket.on("error", finish)
    socket.on("end", finish)
    socket.on("connect", () => {
      if (options.halfClose) socket.end(bytes)
      else socket.write(bytes)
    })
  })
}

/** Whether the head of an answer has come. */
export const answered = (text: string): boolean => text.includes("\r\n\r\n")

/** The statuses of every answer in the text, in order. */
export const statuses = (text: string): number[] =>
  [...text.matchAll(/HTTP\/1\.1 (\d{3})/g)].map((match) => Number(match[1]))

/** One POST of JSON as bytes; `head` is extra header lines without the line ends. */
export function rawChat(body: string, head: readonly string[] = []): string {
  const lines = ["POST /v1/chat/completions HTTP/1.1", "host: localhost", ...head]
  return `${lines.join("\r\n")}\r\ncontent-length: ${Buffer.byteLength(body)}\r\n\r\n${body}`
}
