/**
 * The proxy that the environment wants between us and a URL: `HTTP_PROXY`, `HTTPS_PROXY`, but for the hosts
 * in `NO_PROXY`; in lower case, too, which wins. Undefined where it wants none.
 */
export function createProxyOf(
  env: Readonly<Record<string, string | undefined>>,
): (url: string) => string | undefined {
  const read = (name: string) => env[name] || env[name.toUpperCase()] || undefined
  const [plain, secure] = [read("http_proxy"), read("https_proxy")]
  if (!plain && !secure) return () => undefined
  const without = (read("no_proxy") ?? "").toLowerCase().split(/[\s,]+/)
  return (url) => {
    const proxy = url.startsWith("https:") ? secure : plain
    const { hostname, host } = new URL(url)
    return proxy && !without.some((entry) => covers(entry, hostname, host)) ? proxy : undefined
  }
}

/** `*`, a host, the domain above it with or without a dot or a star before, each with a port or without. */
function covers(entry: string, hostname: string, host: string): boolean {
  if (entry === "" || entry === "*") return entry === "*"
  const name = entry.replace(/^\*?\./, "")
  return [hostname, host].some((each) => each === name || each.endsWith(`.${name}`))
}
