/** Whoever listens for an end: a function, or what has one, for which no closure has to be made. */
type Listener = (() => void) | { handleEvent(): void }

/** What tells that something is to end: an `AbortSignal` is one, and so is a `Life`. */
export interface EndSignal {
  readonly aborted: boolean
  readonly reason: unknown
  addEventListener(type: "abort", listener: Listener, options?: { once: true }): void
  removeEventListener(type: "abort", listener: Listener): void
}

/**
 * An `AbortController` and its signal in one, for what is made for each request: nothing is allocated
 * for listening but the listener itself. Each listener is called once. A class, since there are many.
 */
export class Life implements EndSignal {
  aborted = false
  reason: unknown
  /** The first listener, and the others: there is rarely more than one. */
  #first: Listener | undefined
  #others: Listener[] | undefined

  get signal(): EndSignal {
    return this
  }

  /** Ends it. A second end changes nothing. */
  abort(reason: unknown): void {
    if (this.aborted) return
    this.aborted = true
    this.reason = reason
    const first = this.#first
    const others = this.#others
    this.#first = undefined
    this.#others = undefined
    if (first) tell(first)
    if (others) for (const listener of others) tell(listener)
  }

  addEventListener(_type: "abort", listener: Listener, _options?: { once: true }): void {
    if (this.aborted) return
    if (!this.#first && !this.#others) this.#first = listener
    else if (this.#others) this.#others.push(listener)
    else this.#others = [listener]
  }

  removeEventListener(_type: "abort", listener: Listener): void {
    if (this.#first === listener) this.#first = undefined
    else if (this.#others) {
      const at = this.#others.indexOf(listener)
      if (at >= 0) this.#others.splice(at, 1)
    }
  }
}

function tell(listener: Listener): void {
  if (typeof listener === "function") listener()
  else listener.handleEvent()
}

/** The same as a real `AbortSignal`, for what insists on one. */
export function abortSignalOf(signal: EndSignal): AbortSignal {
  if (signal instanceof AbortSignal) return signal
  const controller = new AbortController()
  const end = () => controller.abort(signal.reason)
  if (signal.aborted) end()
  else signal.addEventListener("abort", end, { once: true })
  return controller.signal
}

/** @throws its reason, where it has ended */
export function throwIfEnded(signal: EndSignal): void {
  if (signal.aborted) throw signal.reason
}
