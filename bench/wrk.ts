import { join } from "node:path"
import { adopt } from "./family.ts"
import { OTHER_CORE, pinned } from "./process.ts"
import type { Request } from "./request.ts"

/** What `wrk` saw; latencies in milliseconds. */
export interface LoadResult {
  requests: number
  perSecond: number
  p50: number
  p99: number
}

interface Report {
  requests: number
  duration: number
  errors: number
  p50: number
  p99: number
}

/** The script that tells `wrk` what to send and how to report. */
function scriptOf({ headers, body }: Request): string {
  const lines = Object.entries(headers).map(
    ([name, value]) => `wrk.headers["${name}"] = "${value}"`,
  )
  return `wrk.method = "POST"
${lines.join("\n")}
wrk.body = [==[${body}]==]
done = function(summary, latency, requests)
  local e = summary.errors
  io.write(string.format('REPORT {"requests":%d,"duration":%d,"errors":%d,"p50":%d,"p99":%d}\\n',
    summary.requests, summary.duration, e.connect + e.read + e.write + e.status + e.timeout,
    latency:percentile(50), latency:percentile(99)))
end
`
}

/**
 * Sends a request again and again over so many connections for so many seconds.
 * @throws when one of them failed
 */
export async function load(
  folder: string,
  request: Request,
  connections: number,
  seconds: number,
): Promise<LoadResult> {
  const url = `http://127.0.0.1:${request.port}${request.path}`
  const script = join(folder, `wrk-${request.port}.lua`)
  await Bun.write(script, scriptOf(request))
  const options = [
    "-t1",
    `-c${connections}`,
    `-d${seconds}s`,
    "--timeout",
    "30s",
    "-s",
    script,
    url,
  ]
  const child = Bun.spawn(pinned(OTHER_CORE, ["wrk", ...options]), { stderr: "inherit" })
  adopt(child)
  const output = await new Response(child.stdout).text()
  const line = /^REPORT (.*)$/m.exec(output)?.[1]
  if (!line) throw new Error(`wrk said no result for ${url}:\n${output}`)
  const report: Report = JSON.parse(line)
  if (report.errors > 0 || report.requests === 0) {
    throw new Error(`${report.errors} of ${report.requests} requests to ${url} failed:\n${output}`)
  }
  return {
    requests: report.requests,
    perSecond: report.requests / (report.duration / 1_000_000),
    p50: report.p50 / 1000,
    p99: report.p99 / 1000,
  }
}
