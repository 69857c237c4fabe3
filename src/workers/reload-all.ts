import type { Prepared, Reloaded } from "./questions.ts"
import type { WorkerProcess } from "./worker-process.ts"

/** How often a config is read again that has changed while the workers read it. */
const TRIES = 5

/** What is asked of each worker. */
type Asked = Pick<WorkerProcess, "ask">

/**
 * Has all workers load the config again. None takes it before all have it, and the same: so a bad one changes nothing
 * anywhere. A worker that dies meanwhile is none of them any more.
 *
 * @returns also the files that it was read from
 */
export async function reloadAll(
  workers: readonly Asked[],
): Promise<{ reloaded: Reloaded; files: readonly string[] }> {
  for (let tries = 1; ; tries++) {
    const prepared = (await Promise.all(workers.map(prepare))).filter((each) => each !== undefined)
    const all = prepared.map(({ said }) => said)
    const failure = all.find((each) => each.failure)?.failure
    const same = new Set(all.map(({ version }) => version)).size <= 1
    // A config may also be another one each time that it is read.
    if (!failure && !same && tries < TRIES) continue
    const ok = failure === undefined
    const reloaded = { ok, changed: ok && all.some(({ changed }) => changed), failure }
    await Promise.all(
      prepared.map(({ worker }, index) =>
        worker.ask("conclude", { reloaded, speaks: index === 0 }).catch(() => {}),
      ),
    )
    return { reloaded, files: [...new Set(all.flatMap(({ files }) => files))] }
  }
}

async function prepare(worker: Asked): Promise<{ worker: Asked; said: Prepared } | undefined> {
  try {
    return { worker, said: await worker.ask("prepare", undefined) }
  } catch {
    return undefined
  }
}
