import type { Ledger } from "../core/ledger.ts"

/** Keeps nothing: what `storage: false` means. */
export const nullLedger: Ledger = Object.freeze({
  record() {},
  async flush() {},
  async close() {},
})
