import { defineCommand } from "citty"
import { CODES, explainCode } from "../config/codes.ts"
import { GatewayError } from "../core/error.ts"
import { nearest } from "../core/nearest.ts"
import { NEEDS } from "../core/routing.ts"
import type { Settings } from "../core/settings.ts"
import type { Plan } from "../gateway/plan.ts"
import { EXIT, fail } from "./exit.ts"
import { planReport } from "./plan-report.ts"

const switches = Object.fromEntries(
  NEEDS.map((need) => [need, { type: "boolean" as const, description: `It needs ${need}` }]),
)

/** `llmrouter explain LR2041`, and `llmrouter explain fast --tools --tokens 12000`. */
export const explainCommand = defineCommand({
  meta: {
    name: "explain",
    description:
      "Says where a request would go and why, or what the code of a config error means. Examples:\n" +
      "  llmrouter explain fast --tools --tokens 12000 --tag eu\n" +
      "  llmrouter explain fast --live        asks the running router\n" +
      "  llmrouter explain LR2041",
  },
  args: {
    what: {
      type: "positional",
      required: true,
      description: "A model name as callers write it, or a code such as LR2041",
    },
    tokens: { type: "string", description: "Tokens of the input" },
    "max-tokens": { type: "string", description: "The output limit" },
    tag: { type: "string", description: "Tags, with commas" },
    region: { type: "string", description: "Where it has to stay" },
    session: { type: "string", description: "What its conversation is known by" },
    operation: { type: "string", description: "Such as embeddings", default: "chat" },
    ...switches,
    live: { type: "boolean", description: "Ask the router that runs on this machine" },
    url: { type: "string", description: "Ask the router at this URL" },
    json: { type: "boolean", description: "Print JSON" },
    config: { type: "string", alias: "c", description: "Config file" },
  },
  async run({ args }) {
    if (/^lr\d\w{3}$/i.test(args.what)) return void process.stdout.write(codeText(args.what))
    const query = queryOf(args)
    const settings = await settingsOf(args.config)
    const plan =
      args.live || args.url
        ? await ask(args.url ?? addressOf(settings), settings, query)
        : await atStart(settings, query)
    process.stdout.write(args.json ? `${JSON.stringify(plan, null, 2)}\n` : planReport(plan))
  },
})

function codeText(code: string): string {
  const text = explainCode(code)
  if (text !== undefined) return text
  const [near] = nearest(code.toUpperCase(), Object.keys(CODES))
  const hint = near ? `Did you mean ${near}?` : "A code looks like LR2041."
  fail(EXIT.usage, `there is no code \`${code}\`. ${hint}`)
}

/** The request that the flags describe, as the admin API takes it. */
function queryOf(args: Record<string, unknown>): URLSearchParams {
  const query = new URLSearchParams({ model: String(args["what"]) })
  for (const name of ["tokens", "max-tokens", "region", "session", "operation"]) {
    const value = args[name]
    if (typeof value === "string") query.set(name, value)
  }
  for (const tag of typeof args["tag"] === "string" ? args["tag"].split(",") : []) {
    query.append("tag", tag.trim())
  }
  for (const need of NEEDS) if (args[need] === true) query.set(need, "true")
  return query
}

async function settingsOf(config: string | undefined): Promise<Settings> {
  const { loadConfig } = await import("../config/load.ts")
  const loaded = await loadConfig({ path: config })
  if (loaded.ok) return loaded.settings
  const { renderDiagnostics } = await import("../config/render.ts")
  process.stderr.write(renderDiagnostics(loaded.diagnostics))
  process.exit(EXIT.config)
}

async function atStart(settings: Settings, query: URLSearchParams): Promise<Plan> {
  const { planAtStart } = await import("../runtime/snapshot.ts")
  try {
    return await planAtStart(settings, query, (why) => process.stderr.write(`warning: ${why}\n`))
  } catch (thrown) {
    if (thrown instanceof GatewayError) fail(EXIT.usage, thrown.message)
    throw thrown
  }
}

function addressOf({ server }: Settings): string {
  return `http://127.0.0.1:${server.port}`
}

async function ask(url: string, { auth }: Settings, query: URLSearchParams): Promise<Plan> {
  const key = auth.adminKey?.reveal()
  let response: Response
  try {
    response = await fetch(`${url.replace(/\/+$/, "")}/admin/explain?${query}`, {
      headers: key === undefined ? {} : { authorization: `Bearer ${key}` },
      signal: AbortSignal.timeout(5000),
    })
  } catch {
    fail(
      EXIT.network,
      `nothing answers at ${url}. Without --live the plan is made from the config.`,
    )
  }
  const answer = (await response.json()) as Plan & { error?: { message?: string } }
  if (response.ok) return answer
  fail(EXIT.failed, answer.error?.message ?? `${url} answered ${response.status}`)
}
