import { readFileSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { clients } from "../matrix/clients/index.ts"
import type { Client, Heard, Talk } from "../matrix/talk.ts"
import { type MatrixUpstream, upstreams } from "../matrix/upstreams.ts"
import { queryLedger } from "../support/ledger-file.ts"
import { until } from "../support/cleanup.ts"
import { emptyFolder, type Program, serve } from "../support/program.ts"
import type { ConfigFile } from "../support/router.ts"
import {
  type Behaviour,
  type RecordedRequest,
  startUpstream,
  tokenText,
} from "../support/upstream/index.ts"

/** The bytes with which the upstream would play a script, as a stream where the request wants one. */
export type Say = (script: string, stream?: boolean) => Promise<Buffer>

/** What an upstream does when it is asked. */
export type Does =
  | Behaviour
  | ((record: RecordedRequest, say: Say) => Behaviour | Promise<Behaviour>)

/** One deployment: what it does, and what its entry in the config says beside. */
export type Deployed = Does | { does: Does; [setting: string]: unknown }

/** A group: its deployments in order, and what its entry in the config says beside. */
export type Scenario = readonly Deployed[] | { models: readonly Deployed[]; [key: string]: unknown }

/** A client and the upstream that it reaches: each with its own protocol, and with another one. */
export interface Pair {
  readonly name: string
  readonly client: Client
  readonly target: MatrixUpstream
}

/** The four clients, each with an upstream of its own protocol. */
export const relayed: readonly Pair[] = clients.map((client) => pairOf(client, client.ingress))

/** The four clients, each with an upstream of another protocol, so that each is spoken once. */
export const translated: readonly Pair[] = clients.map((client, at) =>
  pairOf(client, clients[(at + 1) % clients.length]!.ingress),
)

export const pairs: readonly Pair[] = [...relayed, ...translated]

/** The pair for cases that are about bytes of one protocol, or about no protocol at all. */
export const [chat] = relayed as [Pair]

function pairOf(client: Client, id: string): Pair {
  const target = upstreams.find((each) => each.id === id)!
  return { name: `${client.ingress}~${id}`, client, target }
}

/** What became of one request. */
export interface Outcome {
  status: number
  headers: Headers
  text: string
  heard: Heard
}

export interface AskOptions {
  talk?: Talk
  /** Fields of the body beside what the talk says. */
  more?: object
  headers?: Record<string, string>
  signal?: AbortSignal
}

export const ASK: Talk = { prompt: "hi", stream: false }
export const STREAM: Talk = { prompt: "hi", stream: true }

/** A router process before one scripted server. A scenario has a group of its own for every pair. */
export interface Rig {
  readonly program: Program
  /** Name of the scenario's group for this pair. */
  group(scenario: string, pair?: Pair): string
  /** Sends one request; its answer's beginning opens the scenario's gates. @throws Error when the answer breaks the protocol's grammar */
  ask(scenario: string, pair?: Pair, options?: AskOptions): Promise<Outcome>
  /** Sends one request and leaves its answer to the caller. */
  send(scenario: string, pair?: Pair, options?: AskOptions): Promise<Response>
  /** Requests that the nth deployment has got. */
  seen(scenario: string, pair: Pair | undefined, nth: number): readonly RecordedRequest[]
  /** How many requests each deployment has got. */
  counts(scenario: string, pair?: Pair): number[]
  /** The ledger's rows of a scenario, as soon as there are as many. */
  rows(scenario: string, pair?: Pair, many?: number): Promise<Row[]>
  /** What `GET /admin/health` says of the nth deployment. */
  health(scenario: string, pair: Pair | undefined, nth: number): Promise<HealthEntry>
  /** Bytes of memory that the router has. */
  memory(): number
  close(): Promise<void>
}

export type Row = Record<string, unknown>

export interface HealthEntry {
  deployment: string
  breaker: { state: string; failures: number; opened: number }
  channels: { channel: string; state: string; reason?: string; until?: string }[]
}

/** The header that asks the scripted server for the bytes of a script. */
const BYTES_OF = "x-bytes-of"

export interface RigOptions {
  /** Of the config, beside groups; its providers are added. */
  config?: ConfigFile
  /** Entries of each provider beside type, URL and key. */
  provider?: object
  /** Only for these; without it, every pair has every scenario. */
  pairs?: readonly Pair[]
  env?: Record<string, string>
}

/** Starts the process. @param scenarios by the id of their case, which may go on behind a dash */
export async function startRig(
  scenarios: Record<string, Scenario>,
  options: RigOptions = {},
): Promise<Rig> {
  const own = options.pairs ?? pairs
  const behaviours = new Map<string, Does>()
  const groups: Record<string, unknown> = {}
  for (const [scenario, described] of Object.entries(scenarios)) {
    const { models, ...settings } = isList(described) ? { models: described } : described
    for (const pair of own) {
      groups[groupOf(scenario, pair)] = {
        ...settings,
        models: models.map((deployed, nth) => {
          const model = modelOf(scenario, pair, nth)
          const { does, ...entry } = isEntry(deployed) ? deployed : { does: deployed }
          behaviours.set(model, does)
          return { provider: pair.target.id, model, ...entry }
        }),
      }
    }
  }

  const upstream = await startUpstream()
  const root = `http://127.0.0.1:${upstream.port}`
  upstream.script((record) => {
    const script = record.headers[BYTES_OF]
    if (script !== undefined) return decodeURIComponent(script)
    const does = behaviours.get(record.model)
    return typeof does === "function" ? does(record, sayer(root, record)) : does
  })

  const folder = emptyFolder()
  const providers = upstreams
    .slice(0, clients.length)
    .map(({ id, provider }) => [id, { ...provider(root), ...options.provider }] as const)
  const { providers: others, groups: more, ...rest } = options.config ?? {}
  const config = {
    providers: { ...Object.fromEntries(providers), ...(others as object) },
    groups: { ...groups, ...(more as object) },
    ...rest,
  }
  writeFileSync(join(folder.path, "llmrouter.config.json"), JSON.stringify(config))
  const program = await serve(folder.path, ["--no-watch"], options.env)

  const rig: Rig = {
    program,
    group: groupOf,
    send(scenario, { client, target } = chat, { talk = STREAM, more, headers, signal } = {}) {
      const group = groupOf(scenario, pairOf(client, target.id))
      return fetch(program.url + client.path(group, talk.stream), {
        method: "POST",
        headers: { "content-type": "application/json", ...client.headers, ...headers },
        body: JSON.stringify({ ...client.body(group, talk, []), ...more }),
        ...(signal && { signal }),
      })
    },
    async ask(scenario, pair = chat, options = {}) {
      const response = await rig.send(scenario, pair, options)
      const text = await readAll(response, () => {
        const nths = rig.counts(scenario, pair).keys()
        for (const nth of nths) for (const { gate } of rig.seen(scenario, pair, nth)) gate.open()
      })
      const { status, headers } = response
      try {
        const heard = pair.client.hear(plain(text), (options.talk ?? STREAM).stream)
        return { status, headers, text, heard }
      } catch (error) {
        throw new Error(`${scenario}, ${pair.name}: ${(error as Error).message}\n${text}`)
      }
    },
    seen: (scenario, pair = chat, nth) =>
      upstream.requests.filter(
        (record) => record.model === modelOf(scenario, pair, nth) && !(BYTES_OF in record.headers),
      ),
    counts(scenario, pair = chat) {
      const described = scenarios[scenario] ?? []
      const { length } = isList(described) ? described : described.models
      return Array.from({ length }, (_, nth) => rig.seen(scenario, pair, nth).length)
    },
    async rows(scenario, pair, many = 1) {
      let found: Row[] = []
      await until(() => {
        found = ledger(folder.path, groupOf(scenario, pair))
        return found.length >= many
      })
      return found
    },
    async health(scenario, pair = chat, nth) {
      const response = await fetch(`${program.url}/admin/health`)
      const { deployments } = (await response.json()) as { deployments: HealthEntry[] }
      const id = `${pair.target.id}/${modelOf(scenario, pair, nth)}`
      return deployments.find(({ deployment }) => deployment === id)!
    },
    memory() {
      const status = readFileSync(`/proc/${program.pid}/status`, "utf8")
      return Number(/VmRSS:\s+(\d+) kB/.exec(status)?.[1]) * 1024
    },
    async close() {
      await program.close()
      await upstream.close()
      folder.close()
    },
  }
  return rig
}

/** One result for each pair, asked at the same time. */
export const each = <Result>(
  of: readonly Pair[],
  run: (pair: Pair) => Promise<Result>,
): Promise<Result[]> => Promise.all(of.map(run))

/** Name of the scenario's group for a pair. */
export const groupOf = (scenario: string, pair: Pair = chat): string => `${scenario}~${pair.name}`

const modelOf = (scenario: string, pair: Pair, nth: number) => `${scenario}.${nth}~${pair.name}`

/** Where comments are no option, a keepalive is a chunk that says nothing, and has no id either. */
const KEEPALIVE =
  /^data: \{"candidates":\[\{"content":\{"parts":\[\{"text":""\}\],"role":"model"\},"index":0\}\]\}\n\n/gm

/** Line ends and fields that the standard allows, as the clients of these tests read them. */
const plain = (text: string) =>
  text
    .replace(/^\ufeff/, "")
    .replaceAll(/\r\n?/g, "\n")
    .replaceAll(/^(id|retry):.*\n/gm, "")
    .replaceAll(KEEPALIVE, "")

const isList = (scenario: Scenario): scenario is readonly Deployed[] => Array.isArray(scenario)

const isEntry = (deployed: Deployed): deployed is { does: Does } =>
  typeof deployed === "object" && "does" in deployed

/** The whole body. @param begun called when its first word is here, for what the upstream does only then */
async function readAll(response: Response, begun: () => void): Promise<string> {
  const word = Buffer.from(tokenText(0))
  const parts: Uint8Array[] = []
  let end = Buffer.alloc(0)
  let waits = true
  for await (const part of response.body ?? []) {
    parts.push(part)
    // A keepalive may come before: until there is a word, the router may still ask somebody else.
    if (!waits) continue
    end = Buffer.concat([end.subarray(-word.length), part])
    if (!end.includes(word)) continue
    waits = false
    begun()
  }
  return Buffer.concat(parts).toString()
}

const sayer =
  (root: string, record: RecordedRequest): Say =>
  async (script, stream = record.stream) => {
    const { host: _, "content-length": __, "accept-encoding": ___, ...headers } = record.headers
    const method = stream ? "streamGenerateContent?alt=sse" : "generateContent"
    const response = await fetch(root + record.path.replace(/(?<=:)\w*enerateContent.*/, method), {
      method: "POST",
      headers: { ...headers, [BYTES_OF]: encodeURIComponent(script) },
      body: JSON.stringify({
        ...record.json,
        ...(record.address.dialect !== "gemini" && { stream }),
      }),
    })
    return Buffer.from(await response.arrayBuffer())
  }

function ledger(folder: string, requested: string): Row[] {
  return queryLedger(folder, "SELECT * FROM usage WHERE requested = ? ORDER BY time, id", requested)
}
