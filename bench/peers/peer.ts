import type { Place, Target } from "../target.ts"

/** Another gateway that is measured in the same run, in its default setting without logs or cache. */
export interface Peer {
  /** As the table and `--peers` call it: short, lower case, such as `portkey`. */
  name: string
  /** What it is made of, for the goals differ. */
  language: "TypeScript" | "Python" | "Go" | "Rust"
  /** Where it is had: a package by name and version, from the registry that its ordinary client asks. */
  source: { registry: "npm" | "pypi" | "go" | "cargo"; package: string; version: string }
  /** Why no package manager can bring it: then it is only named. */
  unavailable?: string
  /** Programs that must be on the machine to install or run it, such as `go`; named when they are missing. */
  needs: readonly string[]
  /** Whether `cache` holds it, ready to start. */
  installed(cache: string): boolean | Promise<boolean>
  /**
   * Puts it into `cache`: a folder of its own outside the project, kept from run to run.
   * @throws an error that says in one sentence why it cannot be had here.
   */
  install(cache: string): Promise<void>
  /**
   * Starts it on `place.cores` with as many threads or workers as fit there by its own manual, and
   * waits for its first 200.
   * @throws when it does not answer within 60 s.
   */
  start(place: Place & { cache: string }): Promise<Target>
}
