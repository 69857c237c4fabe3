import { Outgoing } from "./outgoing.ts"

/** The connection of a client, as a passage needs it. */
export type ClientSocket = Pick<
  Bun.Socket<unknown>,
  "write" | "pause" | "resume" | "end" | "terminate" | "remoteAddress"
>

type InnerSocket = Bun.Socket<Passage>

const handlers: Bun.SocketHandler<Passage> = {
  open: (socket) => socket.data.opened(socket),
  data: (socket, bytes) => socket.data.fromServer(bytes),
  drain: (socket) => socket.data.serverTakesMore(),
  close: (socket) => socket.data.serverGone(),
  error: (socket) => socket.data.serverGone(),
  connectError: (socket) => socket.data.serverGone(),
}

/** Hands on everything that a client's connection brings to Elysia's own server, and back, each as fast as the other takes it. */
export class Passage {
  readonly #client: ClientSocket
  readonly #toClient: Outgoing
  readonly #peers: Map<number, string>
  /** What came before there was a connection to the server. */
  #early: Uint8Array[] | undefined = []
  #server: InnerSocket | undefined
  #toServer: Outgoing | undefined
  #port = 0
  #serverOver = false
  #clientOver = false

  /**
   * @param port of the server, on this machine
   * @param peers where the client's address is told, by the port of the server's client
   */
  constructor(client: ClientSocket, toClient: Outgoing, port: number, peers: Map<number, string>) {
    this.#client = client
    this.#toClient = toClient
    this.#peers = peers
    client.pause()
    // What it rejects with is told to `connectError`.
    Bun.connect({ hostname: "127.0.0.1", port, data: this, socket: handlers }).catch(() => {})
  }

  fromClient(bytes: Uint8Array): void {
    if (this.#early) {
      this.#early.push(bytes)
      return
    }
    this.#toServer!.send(bytes)
    if (this.#toServer!.waits) this.#client.pause()
  }

  clientTakesMore(): void {
    if (!this.#toClient.go()) return
    if (this.#serverOver) this.#client.end()
    else this.#server?.resume()
  }

  clientGone(): void {
    this.#clientOver = true
    this.#server?.terminate()
  }

  opened(socket: InnerSocket): void {
    if (this.#clientOver) {
      socket.terminate()
      return
    }
    this.#server = socket
    this.#toServer = new Outgoing(socket)
    this.#port = socket.localPort
    this.#peers.set(this.#port, this.#client.remoteAddress)
    const early = this.#early!
    this.#early = undefined
    for (const bytes of early) this.#toServer.send(bytes)
    if (!this.#toServer.waits) this.#client.resume()
  }

  fromServer(bytes: Uint8Array): void {
    this.#toClient.send(bytes)
    if (this.#toClient.waits) this.#server!.pause()
  }

  serverTakesMore(): void {
    if (this.#toServer!.go()) this.#client.resume()
  }

  serverGone(): void {
    if (this.#serverOver) return
    this.#serverOver = true
    this.#peers.delete(this.#port)
    if (!this.#clientOver && !this.#toClient.waits) this.#client.end()
  }
}
