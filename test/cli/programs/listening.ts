// listening.ts <config>: begins to serve, and prints the modules loaded by then, before any request can come.
import { createServing } from "../../../src/cli/serving.ts"
import { loadConfig } from "../../../src/config/load.ts"

const load = { path: process.argv[2] }
const loaded = await loadConfig(load)
if (!loaded.ok) throw new Error("the config is wrong")
const flags = { host: undefined, port: 0, workers: undefined }
const serving = await createServing({ load, loaded, flags })
serving.listen()
process.stderr.write(`${JSON.stringify(Object.keys(require.cache))}\n`)
process.exit(0)
