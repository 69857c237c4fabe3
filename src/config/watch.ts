import { existsSync, type FSWatcher, lstatSync, realpathSync, statSync, watch } from "node:fs"
import { dirname, resolve } from "node:path"

/** Milliseconds in which nothing may change before a change is reported. */
const SETTLE = 60

/** Watches the files that a config was read from. */
export interface ConfigWatcher {
  /** Watches these files from now on: a reload may have changed what is imported. */
  update(files: readonly string[]): void
  close(): void
}

/**
 * Calls `onChange` when one of the files is written, replaced, created or deleted. It watches their
 * folders and compares what is there, because editors replace files and Kubernetes swaps symlinks.
 */
export function watchConfig(files: readonly string[], onChange: () => void): ConfigWatcher {
  /** What was last reported of each file. */
  let known = stateOf(files)
  let seen = ""
  let timer: ReturnType<typeof setTimeout> | undefined
  const folders = new Map<string, { watcher: FSWatcher; inode: bigint | undefined }>()

  const attach = () => {
    const wanted = new Set([...known.keys()].flatMap(foldersOf))
    for (const [folder, entry] of folders) {
      if (wanted.has(folder) && inodeOf(folder) === entry.inode) continue
      entry.watcher.close()
      folders.delete(folder)
    }
    for (const folder of wanted) {
      if (folders.has(folder)) continue
      try {
        const watcher = watch(folder, { persistent: false }, schedule)
        watcher.on("error", schedule)
        folders.set(folder, { watcher, inode: inodeOf(folder) })
      } catch {
        // Gone again, or not ours to read: its parent is watched and brings us back here.
      }
    }
  }

  // Not put off by further events, so that a busy folder cannot hold a change back.
  const schedule = () => {
    timer ??= setTimeout(settle, SETTLE)
  }

  const settle = () => {
    timer = undefined
    attach()
    const now = stateOf(known.keys())
    if (print(now) === print(known)) return
    if (print(now) !== seen) {
      // Perhaps half written: once more, until nothing changes.
      seen = print(now)
      schedule()
      return
    }
    known = now
    onChange()
  }

  attach()
  return {
    update(next) {
      // A file that was watched keeps its state, so that a change during the reload is not lost.
      known = new Map([...stateOf(next)].map(([file, state]) => [file, known.get(file) ?? state]))
      attach()
      schedule()
    },
    close() {
      clearTimeout(timer)
      for (const { watcher } of folders.values()) watcher.close()
      folders.clear()
      known = new Map()
    },
  }
}

/** The folders in which a change of the file shows: its own, the one it links to, and the parent of a linked one. */
function foldersOf(file: string): string[] {
  const folder = nearestFolder(dirname(file))
  const folders = [folder]
  try {
    if (lstatSync(folder).isSymbolicLink()) folders.push(dirname(folder))
    folders.push(dirname(realpathSync(file)))
  } catch {
    // Not there yet: its folder will tell.
  }
  return folders
}

function nearestFolder(folder: string): string {
  return existsSync(folder) || dirname(folder) === folder ? folder : nearestFolder(dirname(folder))
}

function inodeOf(path: string): bigint | undefined {
  return statSync(path, { bigint: true, throwIfNoEntry: false })?.ino
}

function stateOf(files: Iterable<string>): Map<string, string> {
  return new Map([...files].map((file) => [resolve(file), fileState(resolve(file))]))
}

function fileState(file: string): string {
  try {
    const { ino, size, mtimeNs, ctimeNs } = statSync(file, { bigint: true })
    return `${ino}:${size}:${mtimeNs}:${ctimeNs}`
  } catch {
    return "-"
  }
}

const print = (state: ReadonlyMap<string, string>) => [...state.values()].join("\n")
