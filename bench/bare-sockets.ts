// Passes bytes on between each connection and one of its own to the upstream, and looks at none of them:
// what sockets of this runtime cost alone. `bun bench/bare-sockets.ts <port> <upstream's port>`
import type { Socket } from "bun"

const hostname = "127.0.0.1"
const [port, upstreamPort] = process.argv.slice(2).map(Number) as [number, number]

/** One side of a connection that is passed on. */
interface Side {
  /** Undefined while it is being reached, and when it has gone. */
  other: Socket<Side> | undefined
  /** What this side has not taken yet. */
  rest: Buffer | undefined
}

function give(to: Socket<Side>, bytes: Buffer): void {
  const { rest } = to.data
  const all = rest ? Buffer.concat([rest, bytes]) : bytes
  const taken = rest ? 0 : to.write(bytes)
  to.data.rest = taken < all.length ? all.subarray(Math.max(0, taken)) : undefined
}

function drain(socket: Socket<Side>): void {
  const { rest } = socket.data
  socket.data.rest = undefined
  if (rest) give(socket, rest)
}

function leave(socket: Socket<Side>): void {
  socket.data.other?.end()
  socket.data.other = undefined
}

Bun.listen<Side>({
  hostname,
  port,
  socket: {
    open(client) {
      client.data = { other: undefined, rest: undefined }
      // Nothing is lost before there is somebody to give it to.
      client.pause()
      Bun.connect<Side>({
        hostname,
        port: upstreamPort,
        data: { other: client, rest: undefined },
        socket: {
          open(upstream) {
            // Whoever has left meanwhile needs none.
            if (client.readyState <= 0) return void upstream.end()
            client.data.other = upstream
            client.resume()
          },
          data: ({ data: { other } }, bytes) => other && give(other, bytes),
          drain,
          close: leave,
          error: leave,
        },
      }).catch(() => client.end())
    },
    data: ({ data: { other } }, bytes) => other && give(other, bytes),
    drain,
    close: leave,
    error: leave,
  },
})
