/** A part of what all workers know: it can be written down as a whole, for one that was not there. */
export interface Part {
  /** Plain data that can be cloned. */
  save(): unknown
  load(saved: unknown): void
}
