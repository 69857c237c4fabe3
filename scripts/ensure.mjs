// Installs the dependencies when they are missing or older than the lockfile, so that `npm start`
// and `npm test` work on a fresh clone. Runs under Node, or under Bun where there is no Node.
import { spawnSync } from "node:child_process"
import { existsSync, statSync } from "node:fs"
import { dirname, join } from "node:path"
import { fileURLToPath } from "node:url"

const root = join(dirname(fileURLToPath(import.meta.url)), "..")
const lock = join(root, "package-lock.json")
const stamps = ["node_modules/.package-lock.json", "node_modules/.llmrouter-installed"]
const installed = stamps
  .map((name) => join(root, name))
  .filter((path) => existsSync(path))
  .some((path) => statSync(path).mtimeMs >= statSync(lock).mtimeMs)

if (!installed) {
  const npm = spawnSync("npm", ["--version"], {
    stdio: "ignore",
    shell: process.platform === "win32",
  })
  const [command, args] =
    npm.status === 0
      ? ["npm", ["ci", "--no-fund", "--no-audit", "--loglevel=error"]]
      : ["bun", ["install", "--no-save", "--ignore-scripts"]]
  console.error(`installing dependencies: ${command} ${args.join(" ")}`)
  const result = spawnSync(command, args, {
    cwd: root,
    stdio: ["ignore", 2, 2],
    shell: process.platform === "win32",
  })
  if (result.status !== 0) process.exit(result.status ?? 1)
  const { writeFileSync } = await import("node:fs")
  writeFileSync(join(root, stamps[1]), "")
}
