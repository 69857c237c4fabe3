import { afterEach, expect, test } from "bun:test"
import { mkdirSync, renameSync, rmSync, symlinkSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { type ConfigWatcher, watchConfig } from "../../src/config/watch.ts"
import { folder, load, write } from "./folder.ts"

const open: ConfigWatcher[] = []

afterEach(() => {
  for (const watcher of open.splice(0)) watcher.close()
})

/** Watches files and lets a test wait for the next change; the test's own limit is what fails it. */
function watching(files: readonly string[]) {
  let count = 0
  let waiting = Promise.withResolvers<void>()
  const watcher = watchConfig(files, () => {
    count++
    waiting.resolve()
    waiting = Promise.withResolvers()
  })
  open.push(watcher)
  return {
    watcher,
    get count() {
      return count
    },
    async after(change: () => void) {
      const changed = waiting.promise
      change()
      await changed
    },
  }
}

test("a write in place is seen", async () => {
  const cwd = folder({ "a.ts": "1" })
  await watching([join(cwd, "a.ts")]).after(() => write(cwd, { "a.ts": "2" }))
})

test("a file that is replaced by a rename is seen, again and again", async () => {
  const cwd = folder({ "a.ts": "1" })
  const watched = watching([join(cwd, "a.ts")])
  for (const text of ["22", "333", "4444"]) {
    await watched.after(() => {
      write(cwd, { "a.tmp": text })
      renameSync(join(cwd, "a.tmp"), join(cwd, "a.ts"))
    })
  }
  expect(watched.count).toBe(3)
})

test("an editor that moves the file away and writes a new one is seen once", async () => {
  const cwd = folder({ "a.ts": "1" })
  const watched = watching([join(cwd, "a.ts")])
  await watched.after(() => {
    renameSync(join(cwd, "a.ts"), join(cwd, "a.ts~"))
    write(cwd, { "a.ts": "22" })
    rmSync(join(cwd, "a.ts~"))
  })
  expect(watched.count).toBe(1)
})

test("a mounted ConfigMap whose link is swapped is seen", async () => {
  const cwd = folder({ "v1/a.yaml": "1", "v2/a.yaml": "2", "v3/a.yaml": "3" })
  symlinkSync("v1", join(cwd, "..data"))
  symlinkSync("..data/a.yaml", join(cwd, "a.yaml"))
  const watched = watching([join(cwd, "a.yaml")])
  for (const version of ["v2", "v3"]) {
    await watched.after(() => {
      symlinkSync(version, join(cwd, "..tmp"))
      renameSync(join(cwd, "..tmp"), join(cwd, "..data"))
    })
  }
})

test("a folder that is a link to a release is seen when it is swapped", async () => {
  const cwd = folder({ "r1/a.ts": "1", "r2/a.ts": "2" })
  symlinkSync("r1", join(cwd, "current"))
  await watching([join(cwd, "current/a.ts")]).after(() => {
    symlinkSync("r2", join(cwd, "next"))
    renameSync(join(cwd, "next"), join(cwd, "current"))
  })
})

test("a file that did not exist is seen when it comes, in a folder that did not exist either", async () => {
  const cwd = folder()
  const watched = watching([join(cwd, ".env"), join(cwd, "deep/er/a.ts")])
  await watched.after(() => write(cwd, { ".env": "A=1" }))
  await watched.after(() => {
    mkdirSync(join(cwd, "deep/er"), { recursive: true })
    write(cwd, { "deep/er/a.ts": "1" })
  })
  await watched.after(() => write(cwd, { "deep/er/a.ts": "22" }))
})

test("a folder that is deleted and made again is seen", async () => {
  const cwd = folder({ "in/a.ts": "1" })
  const watched = watching([join(cwd, "in/a.ts")])
  await watched.after(() => rmSync(join(cwd, "in"), { recursive: true }))
  await watched.after(() => write(cwd, { "in/a.ts": "2" }))
  await watched.after(() => write(cwd, { "in/a.ts": "33" }))
})

test("other files of the folder are nobody's business, and half-written ones are waited for", async () => {
  const cwd = folder({ "a.ts": "1" })
  const watched = watching([join(cwd, "a.ts")])
  write(cwd, { "other.log": "x" })
  await watched.after(() => {
    for (const text of ["2", "22", "222"]) writeFileSync(join(cwd, "a.ts"), text)
    write(cwd, { "other.log": "xx" })
  })
  expect(watched.count).toBe(1)
})

test("after an update the new files count, and a change from before it is not lost", async () => {
  const cwd = folder({ "a.ts": "1", "b.ts": "1", "c.ts": "1" })
  const path = (name: string) => join(cwd, name)
  const watched = watching([path("a.ts"), path("b.ts")])
  await watched.after(() => {
    write(cwd, { "a.ts": "22" })
    watched.watcher.update([path("a.ts"), path("c.ts")])
  })
  await watched.after(() => write(cwd, { "c.ts": "22" }))
  write(cwd, { "b.ts": "22" })
  await watched.after(() => write(cwd, { "c.ts": "333" }))
  expect(watched.count).toBe(3)
})

test("everything that a config was read from is watched: imports, .env files and secrets", async () => {
  const cwd = folder({
    "llmrouter.config.ts": `import { file } from "llmrouter"
import { fast } from "./parts/groups.ts"
export default { providers: { demo: { type: "demo", keys: [file("key")] } }, groups: { fast } }
`,
    "parts/groups.ts": 'import { name } from "./name.ts"\nexport const fast = ["demo/" + name]\n',
    "parts/name.ts": 'export const name = "one"\n',
    key: "key-one",
  })
  const loaded = await load(cwd)
  expect(loaded.ok).toBe(true)
  const watched = watching(loaded.files)
  for (const name of ["llmrouter.config.ts", "parts/groups.ts", "parts/name.ts", "key"]) {
    await watched.after(() => write(cwd, { [name]: `${Bun.randomUUIDv7()}\n` }))
  }
  await watched.after(() => write(cwd, { ".env.local": "A=1\n" }))
  expect(watched.count).toBe(5)
})
