import type { Connection } from "./connection.ts"
import { isVerified, tlsOptions } from "./tls.ts"

type Handlers = Bun.SocketHandler<Connection>

const common: Handlers = {
  data: (socket, bytes) => socket.data.received(bytes),
  drain: (socket) => socket.data.drained(),
  end: (socket) => socket.data.ended(),
  close: (socket, error) => socket.data.closed(error),
  error: (socket, error) => socket.data.fail(error),
  connectError: (socket, error) => socket.data.fail(error),
}

const plain: Handlers = {
  ...common,
  open(socket) {
    socket.data.reached(socket)
    socket.data.opened()
  },
}

const secure: Handlers = {
  ...common,
  open: (socket) => socket.data.reached(socket),
  // Nothing is written before this has told whose certificate it is.
  handshake(socket, _authorized, error) {
    if (error && isVerified()) socket.data.fail(error)
    else socket.data.opened()
  },
}

/** Opens a socket for a connection, which is told how that goes. */
export function openSocket({ protocol, hostname, port }: URL, connection: Connection): void {
  const isSecure = protocol === "https:"
  const host = hostname.replace(/^\[|\]$/g, "")
  const options = {
    hostname: host,
    port: Number(port) || (isSecure ? 443 : 80),
    data: connection,
    socket: isSecure ? secure : plain,
    ...(isSecure && { tls: tlsOptions(host) }),
  }
  try {
    // What it rejects with is told to `connectError`.
    Bun.connect(options).catch(() => {})
  } catch (error) {
    connection.fail(error)
  }
}
