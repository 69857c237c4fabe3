const LENGTH = /\r\ncontent-length: (\d+)\r\n/i
const LAST_CHUNK = "0\r\n\r\n"
/** What each event of a stream has, in any protocol. */
const WORD = '" word"'

/** Whether an answer is whole. @throws when it is not a 200 */
function isWhole(text: string): boolean {
  const end = text.indexOf("\r\n\r\n")
  if (end < 0) return false
  const head = text.slice(0, end + 2)
  if (!head.startsWith("HTTP/1.1 200")) throw new Error(`not a 200: ${text}`)
  const length = LENGTH.exec(head)?.[1]
  return length ? text.length >= end + 4 + Number(length) : text.endsWith(LAST_CHUNK)
}

/**
 * Sends a request so often over one connection, one after the other, and says when it has read another
 * event of a stream. @throws when one fails
 */
export function repeat(
  port: number,
  wire: Buffer,
  times: number,
  onEvent: () => void,
): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<void>()
  let left = times
  let text = ""
  let from = 0
  /** Looks for events that were not there before. */
  const lookForEvents = () => {
    for (let at = text.indexOf(WORD, from); at >= 0; at = text.indexOf(WORD, from)) {
      from = at + WORD.length
      onEvent()
    }
  }
  Bun.connect({
    hostname: "127.0.0.1",
    port,
    socket: {
      open(socket) {
        socket.write(wire)
      },
      data(socket, bytes) {
        text += bytes.toString("latin1")
        lookForEvents()
        try {
          if (!isWhole(text)) return
        } catch (error) {
          reject(error)
          socket.end()
          return
        }
        text = ""
        from = 0
        left -= 1
        if (left > 0) socket.write(wire)
        else socket.end()
      },
      close() {
        if (left === 0) resolve()
        else reject(new Error(`the connection was closed with ${left} requests to go`))
      },
      error(_, error) {
        reject(error)
      },
    },
  }).catch(reject)
  return promise
}
