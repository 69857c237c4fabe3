/** Where and how a target is asked. */
export interface Route {
  /** Path and query, such as `/v1/chat/completions`. */
  path: string
  /** What a request needs beside `content-type`, `host` and its length: usually a key. */
  headers: Readonly<Record<string, string>>
  /** What a request names as its model, so that it comes to the upstream of the bench. */
  model: string
}

/** Where something that answers is asked. */
export interface Address {
  name: string
  /** On 127.0.0.1. */
  port: number
  /** How it takes OpenAI chat completions. */
  chat: Route
  /** How it takes Anthropic messages and makes chat completions of them; left out where it cannot. */
  messages?: Route
}

/** Something that the bench measures. */
export interface Target extends Address {
  /** The process that was started. What it starts itself counts with it: CPU and memory are of the whole tree. */
  pid: number
  /** Milliseconds from its start to its first 200. */
  startup: number
  /** Ends it with all that it started, and waits until it is gone. */
  stop(): Promise<void>
}

/** Where a target is to run, and what stands behind it. */
export interface Place {
  /** The cores it may use, as `taskset --cpu-list` takes them: `0`, or `0,1`. */
  cores: string
  /** Event loops of the router, for which alone it is said; one otherwise. */
  workers?: number
  /**
   * Port of the upstream on 127.0.0.1: `POST /v1/chat/completions` in OpenAI's manner. It takes any
   * key, any model, `content-length` and `chunked`; a request's `user` says how it answers, so it
   * must reach it.
   */
  upstreamPort: number
  /** An empty folder of this target alone, which goes away at the end. */
  folder: string
}
