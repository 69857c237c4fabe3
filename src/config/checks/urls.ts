import type { ProviderDefinition } from "../../core/provider.ts"
import { type Path, printPath } from "../finding.ts"
import { show } from "../redact.ts"
import type { CheckContext } from "./check-context.ts"

/** Ends of URLs that name one operation, which the router adds itself. */
const ENDPOINT =
  /\/(chat\/completions|completions|responses|messages|embeddings|moderations|models|images\/generations|audio\/(speech|transcriptions|translations)|rerank)\/?$/

/** Checks a base URL: http or https, complete, and not the URL of one operation. */
export function checkBaseUrl(
  text: string,
  path: Path,
  definition: ProviderDefinition | undefined,
  { report }: CheckContext,
): void {
  // The embedded upstream has an address of its own.
  if (text === definition?.baseUrl) return
  const url = checkUrl(text, path, { report })
  if (!url) return
  const endpoint = ENDPOINT.exec(url.pathname)
  if (endpoint) {
    const base = text.replace(ENDPOINT, "")
    report({
      code: "LR2028",
      path,
      message: `\`${printPath(path)}\` ends in ${show(endpoint[0])}, which is one operation`,
      why: "the router adds the operation's path to the base URL",
      hint: `did you mean \`"${base}"\`?`,
    })
  } else if (url.search !== "" || url.hash !== "") {
    report({
      code: "LR2027",
      path,
      message: `\`${printPath(path)}\` has ${url.search !== "" ? "a query" : "a fragment"}`,
      why: "the operation's path is added to its end",
      hint: `did you mean \`"${url.origin}${url.pathname}"\`?`,
    })
  }
}

/** Checks the URL of an outbound proxy. */
export function checkProxy(text: string, path: Path, context: Pick<CheckContext, "report">): void {
  checkUrl(text, path, context)
}

function checkUrl(
  text: string,
  path: Path,
  { report }: Pick<CheckContext, "report">,
): URL | undefined {
  const url = URL.parse(text)
  if (url && /^https?:$/.test(url.protocol) && url.hostname !== "" && /^https?:\/\//i.test(text)) {
    return url
  }
  const bare = text
    .trim()
    .replace(/^[a-z]*:?\/*/i, (start) => (/^[a-z]*:\/\//i.test(start) ? "" : start))
  const scheme = /^(localhost|127\.|10\.|192\.168\.|\[?::1)/.test(bare) ? "http" : "https"
  const guess = `${scheme}://${bare.replace(/^\/+/, "").replace(ENDPOINT, "")}`
  report({
    code: "LR2027",
    path,
    message: `\`${printPath(path)}\` takes an http or https URL, not ${show(text)}`,
    hint:
      bare !== "" && URL.canParse(guess)
        ? `did you mean \`"${guess}"\`?`
        : 'such as `"https://host/v1"`',
  })
  return undefined
}
