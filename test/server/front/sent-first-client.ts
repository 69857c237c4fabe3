/** A client in a thread of its own: it reads its answer while the router's thread stands still. */
import { connect } from "node:net"

/** What it is to ask. */
export interface Errand {
  port: number
  bytes: Uint8Array
  /** One number: set to 1, and told, when the whole answer has come. */
  came: SharedArrayBuffer
}

declare const self: Worker

self.onmessage = ({ data }: MessageEvent<Errand>) => {
  const { port, bytes, came } = data
  const socket = connect({ host: "127.0.0.1", port, noDelay: true })
  let text = ""
  socket.on("data", (more: Buffer) => {
    text += more.toString("latin1")
    if (!isWhole(text)) return
    const flag = new Int32Array(came)
    Atomics.store(flag, 0, 1)
    Atomics.notify(flag, 0)
    socket.destroy()
    self.postMessage(text)
  })
  socket.write(bytes)
}

/** Whether an answer with a length has come to its end. */
function isWhole(text: string): boolean {
  const end = text.indexOf("\r\n\r\n") + 4
  const length = /\r\ncontent-length: (\d+)\r\n/i.exec(text.slice(0, end))
  return end >= 4 && length !== null && text.length >= end + Number(length[1])
}
