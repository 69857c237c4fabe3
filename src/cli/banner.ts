import { createColours } from "../core/colours.ts"
import type { Logger } from "../core/log.ts"
import type { Settings } from "../core/settings.ts"
import { VERSION } from "../core/version.ts"

export interface Announcement {
  settings: Settings
  /** Which config won, and why. */
  origin: string
  address: { host: string; port: number }
  /** The address that was asked for, which loopback may have replaced. */
  askedHost: string | undefined
  logger: Logger
}

/** Says where the router listens and what to try: as a banner on a terminal, else as a log line. */
export function announce(announcement: Announcement): void {
  const { settings, origin, address, askedHost, logger } = announcement
  const url = `http://${reachable(address.host)}:${address.port}`
  const confined = askedHost !== undefined && askedHost !== address.host
  const pretty =
    settings.log.format === "pretty" ||
    (settings.log.format === "auto" && process.stdout.isTTY === true)
  if (pretty) process.stdout.write(banner(announcement, url, confined))
  else {
    logger.info("listening", {
      url: `${url}/v1`,
      config: settings.file ?? origin,
      version: VERSION,
      groups: settings.groups.map(({ name }) => name),
    })
  }
  const { required, keys } = settings.auth
  if (required && keys.length === 0) {
    logger.warn("nobody may call: `auth.keys` lists caller keys, and none of them was found")
  }
  if (confined) {
    logger.warn(
      `only ${address.host} is served, not ${askedHost}: no caller keys are set. Set \`auth.keys\` in the config to serve other machines`,
    )
  }
}

function banner({ settings, origin }: Announcement, url: string, confined: boolean): string {
  const c = createColours(process.stdout.isTTY === true && !process.env["NO_COLOR"])
  const open = !settings.auth.required
  const lines = [
    "",
    `  ${c.bold(c.cyan("▲ LLM Router"))} ${c.dim(VERSION)}`,
    "",
    `  ${c.dim("API")}      ${c.bold(`${url}/v1`)}`,
    `  ${c.dim("Try it")}   ${url}/swagger`,
    `  ${c.dim("Config")}   ${settings.file ? `${settings.file} ${c.dim(`(${origin})`)}` : origin}`,
    ...groupLines(settings).map(
      (line, index) => `  ${c.dim(index === 0 ? "Groups" : "      ")}   ${line}`,
    ),
    ...(open && !confined
      ? [`  ${c.dim("Access")}   this machine only, without a key (set auth.keys to serve others)`]
      : []),
    "",
    `  ${curl(url, open)}`,
    "",
  ]
  return `${lines.join("\n")}\n`
}

function groupLines({ groups, defaultGroup }: Settings): string[] {
  const lines = groups.slice(0, 8).map(({ name, models }) => {
    const shown = models.slice(0, 3).map(({ provider, model }) => `${provider}/${model}`)
    const more = models.length > shown.length ? `, +${models.length - shown.length}` : ""
    return `${name}${name === defaultGroup ? " (auto)" : ""} → ${shown.join(", ")}${more}`
  })
  return groups.length > 8 ? [...lines, `and ${groups.length - 8} more`] : lines
}

function curl(url: string, open: boolean): string {
  const key = open ? "" : " -H 'authorization: Bearer YOUR_KEY'"
  const body = JSON.stringify({ model: "auto", messages: [{ role: "user", content: "Hello!" }] })
  return `curl ${url}/v1/chat/completions${key} -H 'content-type: application/json' -d '${body}'`
}

/** An address that a person can paste: the wildcard is none. */
function reachable(host: string): string {
  if (host === "0.0.0.0" || host === "::") return "127.0.0.1"
  return host.includes(":") ? `[${host}]` : host
}
