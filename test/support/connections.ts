import { readdirSync, readFileSync, readlinkSync } from "node:fs"

/** One connection to a router, kept open: the system gave it to one of its processes for good. */
export interface Connection {
  /** The process that serves it. */
  readonly pid: number
  /** Posts JSON; one request after the other. */
  post(path: string, body: unknown): Promise<{ status: number; body: string }>
  close(): void
}

/** Processes that another one has started. */
export function childrenOf(pid: number): number[] {
  const text = readFileSync(`/proc/${pid}/task/${pid}/children`, "utf8").trim()
  return text === "" ? [] : text.split(" ").map(Number)
}

/** Connections to a router, one for each of its processes. */
export async function connectToEach(url: string, pids: readonly number[]): Promise<Connection[]> {
  const found = new Map<number, Connection>()
  while (found.size < pids.length) {
    const connection = await connect(url, pids)
    if (found.has(connection.pid)) connection.close()
    else found.set(connection.pid, connection)
  }
  return pids.map((pid) => found.get(pid)!)
}

/** One connection, to whichever of the processes. */
export async function connect(url: string, pids: readonly number[]): Promise<Connection> {
  const { hostname, port } = new URL(url)
  let received = Buffer.alloc(0)
  let closed = false
  let wake: (() => void) | undefined
  const socket = await Bun.connect({
    hostname,
    port: Number(port),
    socket: {
      data(_, bytes) {
        received = Buffer.concat([received, bytes])
        wake?.()
      },
      close() {
        closed = true
        wake?.()
      },
    },
  })
  const more = () =>
    new Promise<void>((resolve, reject) => {
      if (closed) reject(new Error("the connection was closed"))
      wake = () => (closed ? reject(new Error("the connection was closed")) : resolve())
    })

  async function answer(): Promise<{ status: number; body: string }> {
    let end = received.indexOf("\r\n\r\n")
    for (; end < 0; end = received.indexOf("\r\n\r\n")) await more()
    const head = received.subarray(0, end).toString()
    const size = Number(/^content-length: (\d+)/im.exec(head)?.[1])
    const from = end + 4
    while (received.length < from + size) await more()
    const body = received.subarray(from, from + size).toString()
    received = received.subarray(from + size)
    return { status: Number(head.slice(9, 12)), body }
  }

  // It is accepted once it is answered.
  socket.write(`GET /health/live HTTP/1.1\r\nhost: ${hostname}\r\n\r\n`)
  await answer()
  const pid = ownerOf(socket.localPort, Number(port), pids)
  return {
    pid,
    post(path, body) {
      const text = JSON.stringify(body)
      const length = Buffer.byteLength(text)
      socket.write(
        `POST ${path} HTTP/1.1\r\nhost: ${hostname}\r\ncontent-type: application/json\r\ncontent-length: ${length}\r\n\r\n${text}`,
      )
      return answer()
    },
    close: () => void socket.end(),
  }
}

/** Which of the processes has the server's end of a connection. */
function ownerOf(client: number, server: number, pids: readonly number[]): number {
  const hex = (port: number) => port.toString(16).toUpperCase().padStart(4, "0")
  for (const line of readFileSync("/proc/net/tcp", "utf8").split("\n")) {
    const [, local = "", remote = "", , , , , , , inode] = line.trim().split(/\s+/)
    if (!local.endsWith(`:${hex(server)}`) || !remote.endsWith(`:${hex(client)}`)) continue
    const owner = pids.find((pid) => socketsOf(pid).has(`socket:[${inode}]`))
    if (owner !== undefined) return owner
  }
  throw new Error("no process has the connection")
}

function socketsOf(pid: number): Set<string> {
  const folder = `/proc/${pid}/fd`
  return new Set(
    readdirSync(folder).flatMap((fd) => {
      try {
        return [readlinkSync(`${folder}/${fd}`)]
      } catch {
        return []
      }
    }),
  )
}
