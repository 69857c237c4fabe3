import { join } from "node:path"
import { requestBody } from "./payload.ts"
import { OTHER_CORE, pinned } from "./process.ts"

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

/** Writes the script that tells `wrk` what to send and how to report. @returns its path. */
export async function writeScript(folder: string): Promise<string> {
  const path = join(folder, "post.lua")
  await Bun.write(
    path,
    `wrk.method = "POST"
wrk.headers["content-type"] = "application/json"
wrk.body = [==[${requestBody("plain")}]==]
done = function(summary, latency, requests)
  local e = summary.errors
  io.write(string.format('REPORT {"requests":%d,"duration":%d,"errors":%d,"p50":%d,"p99":%d}\\n',
    summary.requests, summary.duration, e.connect + e.read + e.write + e.status + e.timeout,
    latency:percentile(50), latency:percentile(99)))
end
`,
  )
  return path
}

/** Sends requests over so many connections for so many seconds. @throws when one of them failed. */
export async function load(
  script: string,
  url: string,
  connections: number,
  seconds: number,
): Promise<LoadResult> {
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
