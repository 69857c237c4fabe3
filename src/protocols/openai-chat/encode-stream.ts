import type {
  CanonicalEvent,
  CanonicalUsage,
  Finish,
  Opaque,
  PartStart,
} from "../../core/canonical.ts"
import type { AnswerContext, StreamEncoder } from "../../core/protocol.ts"
import {
  callDetails,
  callExtra,
  encodeAnnotation,
  encodeLogprob,
  encodeMedia,
  encodeTier,
  reasoningDetails,
  textDetails,
} from "./answer-parts.ts"
import { readWishes } from "./answer-wishes.ts"
import { answerHead, showsThoughts } from "./encode-answer.ts"
import { encodeUsage } from "./encode-usage.ts"
import { encodeStreamError } from "./error-body.ts"
import { encodeFinish } from "./finish-reason.ts"
import type { Json } from "./json-values.ts"
import { utf8 } from "../../transport/utf8.ts"

interface Choice {
  calls: number
  /** Characters of content so far. */
  length: number
  refusal: boolean
  reasoned: boolean
  /**
   * State and the thoughts that have it. Sent in one chunk: the official SDK's helper keeps only the
   * last value of a field that it does not know, and half a state is refused.
   */
  details: Json[]
}

interface Part {
  choice: number
  start: PartStart
  /** Number among the choice's calls. */
  call: number
  /** Where the part begins in the choice's content. */
  base: number
  /** Of thoughts with state: what they say, which the state is sent with. */
  text: string
  states: Opaque[]
  empty: boolean
}

const nextDetail = ({ details }: Choice) => Number(details.at(-1)?.["index"] ?? -1) + 1

/** Writes an answer as chunks, ended by `[DONE]`. */
export function createStream(context: AnswerContext): StreamEncoder {
  const wishes = readWishes(context)
  const shown = showsThoughts(context.request)
  /** The beginning of every chunk, as text. */
  let head = JSON.stringify(answerHead(context, "chat.completion.chunk")).slice(0, -1)
  const choices = new Map<number, Choice>()
  const parts = new Map<number, Part>()
  let usage: CanonicalUsage | undefined
  let out = ""

  function send(fields: Json): void {
    const rest = wishes.usage && !("usage" in fields) ? { ...fields, usage: null } : fields
    out += `data: ${head},${JSON.stringify(rest).slice(1)}\n\n`
  }

  function say(index: number, delta: Json, rest: Json = {}): void {
    send({ choices: [{ index, delta, logprobs: null, finish_reason: null, ...rest }] })
  }

  function choiceAt(index: number): Choice {
    let choice = choices.get(index)
    if (!choice) {
      choice = { calls: 0, length: 0, refusal: false, reasoned: false, details: [] }
      choices.set(index, choice)
      say(index, { role: "assistant", content: "", refusal: null })
    }
    return choice
  }

  function open(number: number, index: number, start: PartStart): void {
    const choice = choiceAt(index)
    const part: Part = {
      choice: index,
      start,
      call: choice.calls,
      base: choice.length,
      text: "",
      states: [],
      empty: true,
    }
    parts.set(number, part)
    if (start.kind === "tool-call") openCall(part, choice, start)
    else if (start.kind === "refusal") choice.refusal = true
    else if (start.kind === "whole" && start.block.type === "media") {
      say(index, encodeMedia(start.block, context.requestId, context.time))
    }
  }

  function openCall(
    part: Part,
    choice: Choice,
    { id, name, tool, state = [] }: Extract<PartStart, { kind: "tool-call" }>,
  ): void {
    const index = choice.calls++
    choice.details.push(...callDetails(id, state, nextDetail(choice)))
    if (wishes.legacyCalls) {
      if (index === 0) say(part.choice, { function_call: { name, arguments: "" } })
      return
    }
    const call =
      tool === "custom"
        ? { index, id, type: "custom", custom: { name, input: "" } }
        : { index, id, type: "function", function: { name, arguments: "" }, ...callExtra(state) }
    say(part.choice, { tool_calls: [call] })
  }

  function delta(part: Part, text: string): void {
    if (text === "") return
    const choice = choiceAt(part.choice)
    const first = part.empty
    part.empty = false
    switch (part.start.kind) {
      case "text":
        choice.length += text.length
        say(part.choice, { content: text })
        break
      case "refusal":
        say(part.choice, { refusal: text })
        break
      case "reasoning": {
        // Several thoughts are one text here.
        const gap = first && choice.reasoned ? "\n\n" : ""
        choice.reasoned = true
        part.text += text
        if (shown) say(part.choice, { reasoning_content: gap + text })
        break
      }
      case "tool-call":
        sayArguments(part, text)
    }
  }

  function sayArguments({ choice, call: index, start }: Part, text: string): void {
    if (start.kind !== "tool-call") return
    if (wishes.legacyCalls) {
      if (index === 0) say(choice, { function_call: { arguments: text } })
      return
    }
    const call =
      start.tool === "custom"
        ? { index, custom: { input: text } }
        : { index, function: { arguments: text } }
    say(choice, { tool_calls: [call] })
  }

  function close(part: Part): void {
    const { start, choice: index, states, text } = part
    const { details } = choiceAt(index)
    const next = nextDetail(choiceAt(index))
    if (start.kind === "tool-call" && start.tool === "function" && part.empty) delta(part, "{}")
    if (start.kind === "reasoning") {
      details.push(...reasoningDetails(text, start.summary === true, states, next))
    }
    if (start.kind === "text") details.push(...textDetails(states, next))
  }

  function finish(index: number, end: Finish): void {
    const choice = choiceAt(index)
    const said = { calls: choice.calls > 0, text: choice.length > 0, refusal: choice.refusal }
    let reason = encodeFinish(end, said)
    const refused = end.reason === "refusal" || end.reason === "content-filter"
    if (refused && !said.refusal && end.explanation) say(index, { refusal: end.explanation })
    if (wishes.legacyCalls && reason === "tool_calls") reason = "function_call"
    if (choice.details.length > 0) say(index, { reasoning_details: choice.details })
    say(index, {}, { finish_reason: reason })
  }

  function take(event: CanonicalEvent): void {
    const part = "part" in event ? parts.get(event.part) : undefined
    switch (event.type) {
      case "start":
        head = JSON.stringify({
          ...answerHead(context, "chat.completion.chunk"),
          ...encodeTier(event.serviceTier),
        }).slice(0, -1)
        choiceAt(0)
        break
      case "open":
        open(event.part, event.choice, event.start)
        break
      case "delta":
        if (part) delta(part, event.text)
        break
      case "state":
        part?.states.push(event.state)
        break
      case "annotation":
        if (part) {
          say(part.choice, { annotations: [encodeAnnotation(event.annotation, part.base)] })
        }
        break
      case "logprobs": {
        const content = event.logprobs.map(encodeLogprob)
        if (part) say(part.choice, {}, { logprobs: { content, refusal: null } })
        break
      }
      case "close":
        if (part) close(part)
        parts.delete(event.part)
        break
      case "usage":
        usage = event.usage
        break
      case "finish":
        finish(event.choice, event.finish)
        break
      case "end":
        if (wishes.usage && usage) send({ choices: [], usage: encodeUsage(usage) })
        out += "data: [DONE]\n\n"
    }
  }

  return {
    push(event) {
      out = ""
      take(event)
      return out === "" ? undefined : utf8(out)
    },
    fail: (error) => encodeStreamError(error, context.requestId),
  }
}
