import { defaultsOf } from "../defaults.ts"
import { type Path, printPath } from "../finding.ts"
import type { ParsedConfig } from "../parsed.ts"
import { show } from "../redact.ts"
import type { CheckContext } from "./check-context.ts"

/** Checks the listener: address, origins, and what the environment says instead. */
export function checkServer(config: ParsedConfig, context: CheckContext): void {
  const { host, cors } = config.server ?? {}
  if (host !== undefined) checkHost(host, ["server", "host"], context)
  if (typeof cors === "object") {
    for (const [index, origin] of (cors.origins ?? []).entries()) {
      if (origin !== undefined) checkOrigin(origin, ["server", "cors", "origins", index], context)
    }
  }
  checkPort(context)
  checkGrowth(config, context)
}

/** Pauses that grow from the first to the second. */
const GROWING = [
  ["retries", "backoff", "maxBackoff"],
  ["breaker", "open", "maxOpen"],
  ["cooldown", "auth", "authMax"],
] as const

function checkGrowth(config: ParsedConfig, { report }: CheckContext): void {
  for (const [block, first, longest] of GROWING) {
    const given = config[block]
    if (typeof given !== "object") continue
    const values: Readonly<Record<string, number | undefined>> = { ...given }
    const from = values[first] ?? defaultOf(block, first)
    const to = values[longest] ?? defaultOf(block, longest)
    if (from === undefined || to === undefined || from <= to) continue
    report({
      code: "LR2035",
      path: [block, values[first] === undefined ? longest : first],
      message: `\`${block}.${longest}\` is less than \`${block}.${first}\``,
      why: `the pause starts at ${from} ms and grows to ${to} ms`,
      hint: `raise \`${longest}\` or lower \`${first}\``,
    })
  }
}

function defaultOf(block: string, key: string): number | undefined {
  const value = defaultsOf(block)[key]
  return typeof value === "number" ? value : undefined
}

function checkHost(host: string, path: Path, { report }: CheckContext): void {
  const port = /^(\[.*\]|[^:]*):(\d+)$/.exec(host)
  const url = URL.parse(host)
  if (!port && !/[/\s]/.test(host) && host !== "") return
  const bare = url?.hostname || port?.[1]
  report({
    code: "LR2034",
    path,
    message: `\`${printPath(path)}\` takes an address or a host name, not ${show(host)}`,
    why: "the port is `server.port`",
    hint: bare ? `did you mean \`"${bare}"\`?` : 'such as `"0.0.0.0"` or `"::"`',
  })
}

function checkOrigin(origin: string, path: Path, { report }: CheckContext): void {
  if (origin === "*" || origin === "null") return
  const url = URL.parse(origin)
  if (url && url.origin === origin) return
  const better =
    url && url.origin !== "null"
      ? url.origin
      : URL.parse(`https://${origin.replace(/^\W+/, "")}`)?.origin
  report({
    code: "LR2030",
    path,
    message: `${show(origin)} is not an origin`,
    why: "an origin is a scheme, a host and perhaps a port, compared as a whole: no path, no `*` inside",
    hint: better
      ? `did you mean \`"${better}"\`?`
      : 'such as `"https://chat.example.com"`, or `"*"`',
  })
}

function checkPort({ environment, report }: CheckContext): void {
  const port = environment.get("PORT")
  if (port === undefined || (/^\d+$/.test(port) && Number(port) <= 65535)) return
  report({
    code: "LR2033",
    message: `the environment variable PORT is ${show(port)}, not a port`,
    why: "it wins over `server.port`",
    hint: "set it to a number from 0 to 65535, or unset it",
  })
}
