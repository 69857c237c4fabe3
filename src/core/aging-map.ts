interface Entry<Key, Value> {
  readonly key: Key
  readonly value: Value
  older: Entry<Key, Value> | undefined
  newer: Entry<Key, Value> | undefined
}

/**
 * A map that knows its oldest entry in constant time. A plain `Map` has it at its front, too, but there
 * it looks through all that was deleted since it grew last, which is slow when the oldest leaves each time.
 */
export class AgingMap<Key, Value> {
  readonly #entries = new Map<Key, Entry<Key, Value>>()
  #oldest: Entry<Key, Value> | undefined
  #newest: Entry<Key, Value> | undefined

  get size(): number {
    return this.#entries.size
  }

  /** The key that was set longest ago. */
  get oldest(): Key | undefined {
    return this.#oldest?.key
  }

  get(key: Key): Value | undefined {
    return this.#entries.get(key)?.value
  }

  /** Makes it the newest entry, also where it was there before. */
  set(key: Key, value: Value): void {
    this.delete(key)
    const entry = { key, value, older: this.#newest, newer: undefined }
    if (this.#newest) this.#newest.newer = entry
    else this.#oldest = entry
    this.#newest = entry
    this.#entries.set(key, entry)
  }

  /** @returns what was there */
  delete(key: Key): Value | undefined {
    const entry = this.#entries.get(key)
    if (!entry) return undefined
    this.#entries.delete(key)
    const { older, newer } = entry
    if (older) older.newer = newer
    else this.#oldest = newer
    if (newer) newer.older = older
    else this.#newest = older
    return entry.value
  }

  *values(): Generator<Value, void, undefined> {
    for (const { value } of this.#entries.values()) yield value
  }
}
