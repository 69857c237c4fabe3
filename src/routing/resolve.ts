import { GatewayError } from "../core/error.ts"
import type { Channel, Group, Strategy } from "../core/routing.ts"
import { nearest } from "../core/nearest.ts"
import { table as closedTable } from "../core/table.ts"
import { findStrategy } from "./strategies/index.ts"

/** Characters of a model name; the longest in use have about a hundred. */
const LONGEST_NAME = 256

/** Where a model name leads. */
export interface Resolution {
  group: Group
  /** Set for `group$N`: only this channel is used, and no fallback. */
  pinned?: Channel
  /** Set when the name does not exist and the default group answers instead. */
  unknown?: boolean
}

/** What names can be resolved to, in one config generation. */
export interface RouteTable {
  readonly groups: ReadonlyMap<string, Group>
  readonly defaultGroup: Group | undefined
  readonly unknownModel: "error" | "default"
  /** A group by its name, or what `provider/model` names. */
  find(name: string): Group | undefined
  /** A group of the one deployment that `provider/model` names; undefined when there is no such provider. */
  direct(provider: string, model: string): Group | undefined
}

/**
 * Finds what a model name stands for: a group, `group$N` (channel N in config order, from 0),
 * `group:cheap` (the group with another strategy), `provider/model`, or for an empty name or `auto` the default group.
 *
 * @param visible the groups that an error may speak of; undefined is all
 * @throws GatewayError `not-found` with near matches
 */
export function resolve(
  table: RouteTable,
  model: string,
  visible?: ReadonlySet<string>,
): Resolution {
  if (model.length > LONGEST_NAME) {
    throw missing(
      `A model name has at most ${LONGEST_NAME} characters; this one has ${model.length}.`,
    )
  }
  const group = table.groups.get(model)
  if (group) return { group }
  if (model === "" || model === "auto") {
    if (table.defaultGroup) return { group: table.defaultGroup }
    throw missing("No model was asked for, and the config has no default group.")
  }
  return (
    pin(table, model, visible) ??
    steered(table, model) ??
    direct(table, model) ??
    unknown(table, model, visible)
  )
}

/** What callers may write for the strategies that they ask for most. */
const SHORT: Readonly<Record<string, string>> = closedTable({
  cheap: "lowest-cost",
  fast: "lowest-latency",
  best: "adaptive",
})

/** `group:cheap`: the group with another strategy. */
function steered(table: RouteTable, model: string): Resolution | undefined {
  const at = model.lastIndexOf(":")
  const group = at > 0 ? table.groups.get(model.slice(0, at)) : undefined
  if (!group) return undefined
  const strategy = strategyByWord(model.slice(at + 1))
  return strategy && { group: { ...group, strategy } }
}

/** A strategy as callers may name it: by its name, an alias, or `cheap`, `fast` and `best`. */
export function strategyByWord(word: string): Strategy | undefined {
  return findStrategy(SHORT[word] ?? word)
}

function pin(
  table: RouteTable,
  model: string,
  visible: ReadonlySet<string> | undefined,
): Resolution | undefined {
  const at = model.lastIndexOf("$")
  if (at <= 0 || !/^\d+$/.test(model.slice(at + 1))) return undefined
  const group = table.groups.get(model.slice(0, at))
  if (!group) return undefined
  const index = Number(model.slice(at + 1))
  const pinned = group.channels[index]
  if (pinned) return { group, pinned }
  // Access is refused to the group as a whole: how many channels it has is nobody's business.
  if (visible && !visible.has(group.name)) return { group }
  const count = group.channels.length
  throw missing(
    count === 0
      ? `The group \`${group.name}\` has no channel to pin.`
      : `The group \`${group.name}\` has the channels 0 to ${count - 1}; \`${model}\` asks for ${index}.`,
  )
}

function direct(table: RouteTable, model: string): Resolution | undefined {
  const slash = model.indexOf("/")
  if (slash <= 0 || slash === model.length - 1) return undefined
  const name = model.slice(slash + 1)
  if (!isName(name)) return undefined
  const group = table.direct(model.slice(0, slash), name)
  return group && { group }
}

/** Whether a vendor may have a model of this name: `..` in a URL would lead out of its models. */
function isName(name: string): boolean {
  return name.isWellFormed() && !/(^|\/)\.{1,2}(\/|$)|\p{Cc}/u.test(name)
}

function unknown(
  table: RouteTable,
  model: string,
  visible: ReadonlySet<string> | undefined,
): Resolution {
  if (table.unknownModel === "default" && table.defaultGroup) {
    return { group: table.defaultGroup, unknown: true }
  }
  const names = [...table.groups.keys()].filter((name) => visible?.has(name) ?? true)
  const near = nearest(model, names)
  const hint =
    near.length > 0
      ? ` Did you mean ${near.map((name) => `\`${name}\``).join(" or ")}?`
      : names.length > 0
        ? ` There is ${names
            .slice(0, 5)
            .map((name) => `\`${name}\``)
            .join(", ")}.`
        : ""
  throw missing(`The model \`${model.slice(0, 200)}\` does not exist.${hint}`)
}

function missing(message: string): GatewayError {
  return new GatewayError("not-found", message, { code: "model_not_found", param: "model" })
}
