import { MODEL, requestBody } from "../payload.ts"
import { chatRequest, messagesRequest, type Request } from "../request.ts"
import type { Address } from "../target.ts"

/** A config as a JSON file holds it. */
export type Config = Record<string, unknown>

/** A thing of which there is more and more, and what a request costs then. */
export interface Curve {
  /** Its name for `--only`. */
  name: string
  title: string
  sizes: readonly number[]
  /** How a size is written. */
  show(size: number): string
  /** The config with so many of it; as it is without. */
  config?(config: Config, size: number): Config
  /** The request with so many of it. */
  request(address: Address, size: number): Request
  /** Connections at once: fewer where each carries much. */
  width(size: number): number
  /** What the cost is also divided by; without, the cost of a request says all. */
  per?: { unit: string; count(size: number): number }
  /** Whether nginx can do the same. */
  comparable: boolean
}

const count = (size: number) => size.toLocaleString("en-US")

const deployments: Curve = {
  name: "deployments",
  title: "deployments in the group",
  sizes: [3, 10, 100, 1000],
  show: count,
  config(config, size) {
    const [provider] = Object.keys(config["providers"] as object)
    const models = Array.from({ length: size }, (_, i) => `${provider}/${MODEL}-${i}`)
    return { ...config, groups: { [MODEL]: { strategy: "round-robin", models } } }
  },
  request: (address) => chatRequest(address, "plain"),
  width: () => 64,
  comparable: false,
}

const keys: Curve = {
  name: "keys",
  title: "keys of callers",
  sizes: [10, 100, 1000, 10_000],
  show: count,
  config(config, size) {
    const { keys: own } = config["auth"] as { keys: object[] }
    const others = Array.from({ length: size - own.length }, (_, i) => ({
      key: `sk-other-${String(i).padStart(32, "0")}`,
      name: `other-${i}`,
    }))
    return { ...config, auth: { keys: [...others, ...own] } }
  },
  request: (address) => chatRequest(address, "plain"),
  width: () => 64,
  comparable: false,
}

/** Bytes of a body beside the text that makes it large. */
const SMALLEST = Buffer.byteLength(requestBody("plain"))

const bodies: Curve = {
  name: "bodies",
  title: "size of the request's body",
  sizes: [1000, 10_000, 100_000, 1_000_000, 10_000_000],
  show: (size) => (size < 1_000_000 ? `${size / 1000} KB` : `${size / 1_000_000} MB`),
  request: (address, size) => chatRequest(address, "plain", Math.max(0, size - SMALLEST)),
  width: (size) => (size < 1_000_000 ? 64 : 4),
  per: { unit: "MB", count: (size) => size / 1_000_000 },
  comparable: true,
}

const EVENTS = [1, 10, 100, 1000, 10_000]
const perEvent = { unit: "event", count: (size: number) => size }
const width = (size: number) => (size < 1000 ? 64 : 16)

const events: Curve = {
  name: "events",
  title: "events of a relayed stream",
  sizes: EVENTS,
  show: count,
  request(address, size) {
    const request = chatRequest(address, "fast")
    return { ...request, body: request.body.replace('"user":"fast"', `"user":"fast:${size}"`) }
  },
  width,
  per: perEvent,
  comparable: true,
}

/** The model of a stream of so many events. */
const modelOf = (size: number) => `${MODEL}-fast:${size}`

const translated: Curve = {
  name: "translated",
  title: "events of a translated stream",
  sizes: EVENTS,
  show: count,
  config(config, size) {
    const [provider] = Object.keys(config["providers"] as object)
    return { ...config, groups: { [MODEL]: [`${provider}/${modelOf(size)}`] } }
  },
  request(address) {
    const request = messagesRequest(address, "fast")
    return { ...request, body: request.body.replace(`"${MODEL}-fast"`, `"${MODEL}"`) }
  },
  width,
  per: perEvent,
  comparable: false,
}

/** All of them, in the order of the page. */
export const curves: readonly Curve[] = [deployments, keys, bodies, events, translated]
