import type { ConditionalPrice, ModelPrice } from "@pydantic/genai-prices"
import { costOf, type Price, toRates } from "./cost.ts"

export { costOf, type Price }

/** The published prices. */
export interface PriceTable {
  /**
   * The price of a model; undefined when it is not known, or not by tokens.
   * @param vendor id of the vendor in the table; without one no price is known
   */
  priceOf(vendor: string | undefined, model: string): Price | undefined
  /** Tokens of a model's context window, input and output together; undefined when it is not known. */
  windowOf(vendor: string | undefined, model: string): number | undefined
}

type Period = Price["periods"][number]

let loaded: PriceTable | undefined

/** Loads the published prices, once. Kept out of the start: the table is a megabyte of code. */
export function loadPrices(): PriceTable {
  loaded ??= load()
  return loaded
}

function load(): PriceTable {
  const { calcPrice, findProvider } =
    require("./published-prices.ts") as typeof import("./published-prices.ts")
  function find(vendor: string | undefined, model: string) {
    const provider = vendor === undefined ? undefined : findProvider({ providerId: vendor })
    // The table also guesses a vendor from a part of its name.
    if (provider?.id !== vendor || provider === undefined) return undefined
    try {
      return calcPrice({}, model, { providerId: provider.id })?.model
    } catch {
      // The table contradicts itself for this model: then nothing of it is known.
      return undefined
    }
  }
  return {
    priceOf(vendor, model) {
      const found = find(vendor, model)
      return found && toPrice(found.prices)
    },
    windowOf: (vendor, model) => find(vendor, model)?.context_window,
  }
}

function toPrice(prices: ConditionalPrice[] | ModelPrice): Price | undefined {
  const list: ConditionalPrice[] = Array.isArray(prices) ? prices : [{ prices }]
  const periods = list.flatMap(({ prices, constraint }): Period[] => {
    const rates = toRates(prices)
    if (!rates) return []
    if (!constraint) return [{ rates }]
    if (constraint.type === "start_date")
      return [{ rates, since: Date.parse(constraint.start_date) }]
    const hours = {
      from: timeOfDay(constraint.start_time),
      to: timeOfDay(constraint.end_time),
    }
    return [{ rates, hours }]
  })
  return periods.length > 0 ? { periods } : undefined
}

/** Milliseconds since midnight UTC of a time such as `16:30:00Z` or `09:00:00+08:00`. */
function timeOfDay(text: string): number {
  const day = 86_400_000
  return ((Date.parse(`1970-01-02T${text}`) % day) + day) % day
}
