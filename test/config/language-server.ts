import { join } from "node:path"

const COMPILER = join(import.meta.dir, "../../node_modules/typescript/bin/tsc")

interface Answer {
  id?: number
  method?: string
  params?: { items?: unknown[] }
  result?: unknown
  error?: { message: string }
}

/** TypeScript's language server, as an editor drives it: JSON-RPC over standard input and output. */
export async function startLanguageServer(folder: string) {
  const server = Bun.spawn([process.execPath, COMPILER, "--lsp", "--stdio"], {
    cwd: folder,
    stdin: "pipe",
    stdout: "pipe",
    stderr: "ignore",
  })
  const waiting = new Map<number, PromiseWithResolvers<unknown>>()
  let requests = 0

  function send(message: object): void {
    const text = JSON.stringify({ jsonrpc: "2.0", ...message })
    server.stdin.write(`Content-Length: ${Buffer.byteLength(text)}\r\n\r\n${text}`)
    server.stdin.flush()
  }

  function request(method: string, params: object): Promise<unknown> {
    const answer = Promise.withResolvers<unknown>()
    waiting.set(++requests, answer)
    send({ id: requests, method, params })
    return answer.promise
  }

  function receive({ id, method, params, result, error }: Answer): void {
    if (id === undefined) return
    // The server asks for settings: an editor with none answers null for each.
    if (method) send({ id, result: params?.items?.map(() => null) ?? null })
    else if (error) waiting.get(id)?.reject(new Error(error.message))
    else waiting.get(id)?.resolve(result)
  }

  void read(server.stdout, receive)
  const textDocument = {
    completion: { completionItem: {} },
    hover: { contentFormat: ["markdown"] },
  }
  const rootUri = `file://${folder}`
  await request("initialize", { processId: process.pid, rootUri, capabilities: { textDocument } })
  send({ method: "initialized", params: {} })

  let documents = 0
  /** Opens a text with `|` where the cursor is. */
  function open(marked: string) {
    const offset = marked.indexOf("|")
    const uri = `${rootUri}/config-${documents++}.ts`
    const text = marked.slice(0, offset) + marked.slice(offset + 1)
    const before = marked.slice(0, offset).split("\n")
    const document = { uri, languageId: "typescript", version: 1, text }
    send({ method: "textDocument/didOpen", params: { textDocument: document } })
    return {
      textDocument: { uri },
      position: { line: before.length - 1, character: before.at(-1)!.length },
    }
  }

  return {
    /** Labels that complete at the cursor. */
    async completions(marked: string): Promise<string[]> {
      const answer = (await request("textDocument/completion", open(marked))) as {
        items: { label: string }[]
      } | null
      return answer?.items.map(({ label }) => label) ?? []
    },
    /** What is shown for the word at the cursor, in Markdown. */
    async hover(marked: string): Promise<string> {
      const answer = (await request("textDocument/hover", open(marked))) as {
        contents: { value: string }
      } | null
      return answer?.contents.value ?? ""
    },
    async stop(): Promise<void> {
      server.stdin.end()
      server.kill()
      await server.exited
    },
  }
}

async function read(
  stream: ReadableStream<Uint8Array>,
  receive: (message: Answer) => void,
): Promise<void> {
  let buffer = Buffer.alloc(0)
  for await (const chunk of stream) {
    buffer = Buffer.concat([buffer, chunk])
    for (;;) {
      const header = buffer.indexOf("\r\n\r\n")
      const length = Number(
        /Content-Length: (\d+)/i.exec(buffer.toString("latin1", 0, header))?.[1],
      )
      if (header < 0 || buffer.length < header + 4 + length) break
      const body = buffer.subarray(header + 4, header + 4 + length)
      buffer = buffer.subarray(header + 4 + length)
      receive(JSON.parse(body.toString()) as Answer)
    }
  }
}
