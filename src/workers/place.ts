/** What a process that is started as a worker is told. */
export interface Place {
  /** From 0; the same for one that comes in the place of another. */
  worker: number
  /** A number that no other worker of this router ever has, from 1. */
  owner: number
  /** Where the shared memory is. */
  folder: string
}

const NAME = "LLMROUTER_WORKER"

/** The environment of a worker. */
export function placeInEnvironment(place: Place): Record<string, string> {
  return { [NAME]: JSON.stringify(place) }
}

/** What this process was told, if it was started as a worker: only then there is somebody to talk to. */
export function ownPlace(): Place | undefined {
  const text = process.env[NAME]
  return text && process.send ? (JSON.parse(text) as Place) : undefined
}
