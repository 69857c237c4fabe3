import type { Static, TSchema } from "@sinclair/typebox"
import * as t from "./typebox.ts"

const Maybe = <T extends TSchema>(type: T) => t.Union([type, t.Null()])

/** One attempt of a request. */
export const AttemptRecord = t.Object({
  channel: t.String(),
  /** Why it was made. */
  why: t.Union([
    t.Literal("first"),
    t.Literal("next"),
    t.Literal("retry"),
    t.Literal("resting"),
    t.Literal("panic"),
    t.Literal("hedge"),
    t.Literal("continuation"),
  ]),
  /** Milliseconds from the request's arrival to its begin, and how long it lasted. */
  began: t.Number(),
  duration: Maybe(t.Number()),
  /** Milliseconds from its begin to its first content. */
  ttft: Maybe(t.Number()),
  /** `ok`, `cancelled`, or the error's kind. */
  outcome: t.String(),
  /** HTTP status of a failed one, and what was wrong. */
  status: Maybe(t.Integer()),
  message: Maybe(t.String()),
  /** Nano-USD of one whose answer nobody got; guessed. */
  wasted: t.Integer(),
  /** Nano-USD of its part of an answer that another one has gone on with; null is none, or unpriced. */
  cost: Maybe(t.Integer()),
})
export type AttemptRecord = Static<typeof AttemptRecord>

/** One channel that was looked at. */
export const CandidateRecord = t.Object({
  group: t.String(),
  channel: t.String(),
  /** How it stood: `ready`, `busy`, `paused`, `open`. */
  state: t.String(),
  /** The strategy's, lower is better; null where it was not asked. */
  score: Maybe(t.Number()),
  /** Why it was left out, or left for last. */
  skipped: Maybe(t.String()),
})
export type CandidateRecord = Static<typeof CandidateRecord>

/** How one request found its upstream. */
export const RouteRecord = t.Object({
  strategy: t.String(),
  /** The best of them first; at most `MOST_CANDIDATES`. */
  candidates: t.Array(CandidateRecord),
  /** How many more there were. */
  more: t.Integer(),
  attempts: t.Array(AttemptRecord),
})
export type RouteRecord = Static<typeof RouteRecord>

/** Candidates that a record names. */
export const MOST_CANDIDATES = 16
