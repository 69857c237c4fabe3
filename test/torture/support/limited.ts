import { type Program, serve } from "../../support/program.ts"

/** Starts the router as a process that may open only so many files, and waits until it listens. */
export function limited(cwd: string, files: number): Promise<Program> {
  return serve(cwd, [], {}, ["sh", "-c", `ulimit -n ${files}; exec "$@"`, "sh"])
}
