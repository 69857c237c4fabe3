import type { WorkerReply, WorkerRequest } from "./messages.ts"
import { createStore } from "./store.ts"

// The entry point of the thread that does all SQL. A compiled executable needs it as an entry point
// of the build too, by its bare name.
declare const self: Worker

const run = createStore()

self.onmessage = ({ data }: MessageEvent<WorkerRequest>) => {
  const reply: WorkerReply = { call: data.call, result: run(data.task) }
  self.postMessage(reply)
}
