// Installs what is missing, so that `npm start` and `npm test` work on a fresh clone, and says nothing
// when nothing is. Runs under Node, or under Bun where there is no Node.
import { spawnSync } from "node:child_process"
import { createHash } from "node:crypto"
import { existsSync, readFileSync, statSync, writeFileSync } from "node:fs"
import { dirname, join } from "node:path"
import { fileURLToPath } from "node:url"

const root = join(dirname(fileURLToPath(import.meta.url)), "..")
const lock = join(root, "package-lock.json")
const modules = join(root, "node_modules")
const stamp = join(modules, ".llmrouter-installed")
const windows = process.platform === "win32"

const modified = (path) => (existsSync(path) ? statSync(path).mtimeMs : 0)

function run(command, args, cwd = root, shell = windows) {
  const { status, error } = spawnSync(command, args, { cwd, shell, stdio: ["ignore", 2, 2] })
  if (status === 0) return
  console.error(`\`${command} ${args.join(" ")}\` failed: ${error?.message ?? `status ${status}`}`)
  process.exit(status || 1)
}

function install() {
  const found = spawnSync("npm", ["--version"], { stdio: "ignore", shell: windows })
  const quiet = ["--no-fund", "--no-audit", "--loglevel=error"]
  // NODE_ENV=production would leave out the development tools, and Bun is one of them.
  const npm = existsSync(modules)
    ? ["install", "--no-save", "--include=dev", ...quiet]
    : ["ci", "--include=dev", ...quiet]
  const [command, args] =
    found.status === 0 ? ["npm", npm] : ["bun", ["install", "--no-save", "--ignore-scripts"]]
  console.error(`installing dependencies: ${command} ${args.join(" ")}`)
  run(command, args)
}

/** Puts Bun's binary in its place. Its package does that in an install script, and .npmrc runs none. */
function linkBun() {
  const folder = join(modules, "bun")
  const binary = join(folder, "bin", "bun.exe")
  // Until then the place holds a text that says what is missing.
  if (existsSync(folder) && !(existsSync(binary) && statSync(binary).size > 1_000_000)) {
    run(process.execPath, ["install.js"], folder, false)
  }
}

const version = createHash("sha256").update(readFileSync(lock)).digest("hex")
const stamped = existsSync(stamp) && readFileSync(stamp, "utf8") === version
if (!stamped) {
  // An install by hand leaves npm's own copy of the lockfile, and that is newer.
  if (modified(join(modules, ".package-lock.json")) < modified(lock)) install()
  linkBun()
  writeFileSync(stamp, version)
} else {
  linkBun()
}
