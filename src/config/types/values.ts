/** Milliseconds, or a number with its unit: `"250ms"`, `"60s"`, `"5m"`, `"1h"`, `"1d"`. */
export type Duration = number | `${number}${"ms" | "s" | "m" | "h" | "d"}`

/** Bytes, or a number with its unit: `"512b"`, `"64kb"`, `"32mb"`, `"1gb"`, by 1,024. */
export type Size = number | `${number}${"b" | "kb" | "mb" | "gb"}`

/** US dollars, at once or in a window: `"$5"`, `"$0.50/day"`, `"$20/month"`. */
export type Money = `$${number}${"" | `/${"hour" | "day" | "week" | "month"}`}`

/** Whether a text, the beginning of an answer with status 200, is an error. */
export type TextMatcher = (text: string) => boolean

/** A secret from `env` or `file`. It never prints. */
export interface Secret {
  toString(): "[secret]"
}
