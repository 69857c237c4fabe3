// loaded.ts <config> <port> <path>…: serves, asks for each path, and prints the modules loaded by then.
import { until } from "../../support/cleanup.ts"

const [config = "", port = "", ...paths] = process.argv.splice(2)
process.argv.push("--config", config, "--port", port)
await import("../../../src/cli/main.ts")

for (const path of paths) {
  const answered = () =>
    fetch(`http://127.0.0.1:${port}${path}`).then(
      ({ ok }) => ok,
      () => false,
    )
  await until(answered)
  // The log has the standard output.
  process.stderr.write(`${JSON.stringify(Object.keys(require.cache))}\n`)
}
process.kill(process.pid, "SIGTERM")
