import { type ConfigFile, overUpstreams, type Router, startRouter } from "../../support/router.ts"
import { type Behaviour, startUpstream, type Upstream } from "../../support/upstream/index.ts"

/** A router before one upstream, which answers by the name of the model. */
export interface Bed {
  /** Where clients come in. */
  readonly url: string
  /** The server behind: what it does with a request is what the front does. */
  readonly inner: string
  readonly router: Router
  readonly upstream: Upstream
  close(): Promise<void>
}

/** A good answer that is always the same. */
export const answerOf = (content: string): string =>
  JSON.stringify({
    ...{ id: "chatcmpl-1", object: "chat.completion", created: 1, model: "m" },
    choices: [{ index: 0, message: { role: "assistant", content }, finish_reason: "stop" }],
    usage: { prompt_tokens: 3, completion_tokens: 2, total_tokens: 5 },
  })

const event = (delta: object, finish: string | null = null) =>
  `data: ${JSON.stringify({
    ...{ id: "chatcmpl-1", object: "chat.completion.chunk", created: 1, model: "m" },
    choices: [{ index: 0, delta, finish_reason: finish }],
  })}\n\n`

async function* steadyStream() {
  yield event({ role: "assistant", content: "" })
  yield event({ content: "one" }) + event({ content: "two" })
  yield `${event({}, "stop")}data: [DONE]\n\n`
}

/** What the upstream does for each group. Another group's name is a script of its own. */
export const GROUPS: Readonly<Record<string, () => Behaviour>> = {
  g: () => ({ body: answerOf("hello") }),
  big: () => ({ body: answerOf("hello again and again ".repeat(200)) }),
  edge: () => ({ body: answerOf("a".repeat(1024 - answerOf("").length)) }),
  live: () => ({ headers: { "content-type": "text/event-stream" }, body: steadyStream() }),
  bad: () => ({ status: 400, body: { error: { message: "no", type: "invalid_request_error" } } }),
}

/** @param scripts of further groups, by their names @param config of the router, beside providers and groups @param idleSeconds of its front */
export async function startBed(
  config: ConfigFile = {},
  scripts: Readonly<Record<string, string>> = {},
  idleSeconds?: number,
): Promise<Bed> {
  const script = ({ model }: { model: string }) =>
    scripts[model] ?? (GROUPS[model] ?? GROUPS["g"]!)()
  const upstream = await startUpstream({ script })
  const names = [...Object.keys(GROUPS), ...Object.keys(scripts)]
  const groups = Object.fromEntries(names.map((name) => [name, [`u0/${name}`]]))
  const router = await startRouter(
    overUpstreams([{ url: upstream.url }], { groups, ...config }),
    "127.0.0.1",
    idleSeconds === undefined ? {} : { idleSeconds },
  )
  return {
    url: router.url,
    inner: router.inner,
    router,
    upstream,
    async close() {
      await router.close()
      await upstream.close()
    },
  }
}
