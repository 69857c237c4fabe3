import { join } from "node:path"

/** Milliseconds in which a router begins and answers. */
const PATIENCE = 10_000

/** The config that serves without any key. */
const CONFIG = {
  providers: { demo: { type: "demo" } },
  groups: { demo: ["demo/demo"] },
  server: { host: "127.0.0.1", port: 0 },
}

/**
 * Starts an executable, asks it something and ends it. What has run then is put together in the next
 * one, so that a start reads less of it.
 *
 * @param folder for what it writes
 * @returns the file that says what has run @throws when it does not come up
 */
export async function recordOrder(executable: string, folder: string): Promise<string> {
  const order = join(folder, "order")
  await Bun.write(join(folder, "llmrouter.config.json"), JSON.stringify(CONFIG))
  const child = Bun.spawn([executable], {
    cwd: folder,
    env: { ...process.env, NO_COLOR: "1", BUN_BYTECODE_ORDER_OUT: order },
    stdout: "pipe",
    stderr: "inherit",
  })
  const late = setTimeout(() => child.kill("SIGKILL"), PATIENCE)
  try {
    const url = await listeningAt(child.stdout)
    for (const stream of [false, true]) await ask(url, stream)
    child.kill("SIGTERM")
    if ((await child.exited) !== 0) throw new Error("the executable did not end well")
  } finally {
    clearTimeout(late)
    child.kill("SIGKILL")
  }
  return order
}

async function listeningAt(output: ReadableStream<Uint8Array>): Promise<string> {
  // Not cancelled at the end: the next line would have nowhere to go.
  const reader = output.getReader()
  let text = ""
  for (;;) {
    const { done, value } = await reader.read()
    if (done) throw new Error(`the executable does not say where it listens: ${text}`)
    text += Buffer.from(value).toString()
    const [url] = /http:\/\/127\.0\.0\.1:\d+/.exec(text) ?? []
    if (url) return url
  }
}

async function ask(url: string, stream: boolean): Promise<void> {
  const messages = [{ role: "user", content: "Hello" }]
  const response = await fetch(`${url}/v1/chat/completions`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ model: "demo", messages, stream }),
  })
  if (!response.ok) throw new Error(`the executable answers with ${response.status}`)
  await response.text()
}
