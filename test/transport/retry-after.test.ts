import { describe, expect, test } from "bun:test"
import { retryAfterMs, toldWaitMs } from "../../src/transport/retry-after.ts"
import { waitInWords, waitOf } from "../../src/transport/told-wait.ts"

const WALL = Date.parse("2026-11-21T10:00:00Z")
const SECOND = 1000
const DAY = 86_400_000

describe("headers that say how long to wait", () => {
  test.each([
    [{ "retry-after": "2" }, 2000],
    [{ "retry-after": "0.5" }, 500],
    [{ "retry-after": " 3 " }, 3000],
    [{ "retry-after": "0" }, 0],
    [{ "retry-after-ms": "250", "retry-after": "9" }, 250],
    [{ "retry-after-ms": "1336.5" }, 1337],
    [{ "x-ms-retry-after-ms": "700" }, 700],
    // A word that means nothing hides none that does.
    [{ "retry-after-ms": "soon", "retry-after": "9" }, 9000],
    [{ "retry-after": "soon", "retry-after-ms": "-1" }, undefined],
    [{ "retry-after": "-3" }, undefined],
    [{ "retry-after": "NaN" }, undefined],
    [{ "retry-after": "" }, undefined],
    [{ "retry-after": "2026" }, 2_026_000],
    [{ "retry-after": "999999" }, DAY],
    [{ "retry-after": "9".repeat(400) }, DAY],
    [{}, undefined],
  ])("%j is %p ms", (headers, expected) => {
    expect(retryAfterMs(new Headers(headers as Record<string, string>), WALL)).toBe(expected)
  })

  test.each([
    ["the date of today", "Sat, 21 Nov 2026 10:00:30 GMT", 30 * SECOND],
    ["the date of RFC 850", "Saturday, 21-Nov-26 10:00:30 GMT", 30 * SECOND],
    ["a year of two digits that is long ago", "Sunday, 06-Nov-94 08:49:37 GMT", 0],
    ["the date of asctime, which is in UTC", "Sat Nov 21 10:00:30 2026", 30 * SECOND],
    ["asctime with a short day", "Tue Dec  1 10:00:00 2026", DAY],
    ["a moment that is over", "Sat, 21 Nov 2026 09:00:00 GMT", 0],
    ["next year", "Sun, 21 Nov 2027 10:00:00 GMT", DAY],
    ["RFC 3339", "2026-11-21T10:01:00Z", 60 * SECOND],
    ["RFC 3339 in another zone", "2026-11-21T12:00:10.5+02:00", 10_500],
    ["a day that there is not", "Sat, 99 Nov 2026 10:00:30 GMT", undefined],
    ["words", "Tomorrow, perhaps", undefined],
    ["half a date, which `Date.parse` takes for one of 2001", "May 5", undefined],
    ["seconds since 1970", "1795255230", 30 * SECOND],
    ["milliseconds since 1970", "1795255230500", 30_500],
    ["a duration", "1h2m3.5s", 3_723_500],
    ["milliseconds", "20ms", 20],
    ["microseconds, which nobody waits for", "20us", undefined],
    ["half a duration", "6m0", undefined],
    ["an injected line", "5; rm", undefined],
  ])("as %s", (_form, value, expected) => {
    expect(waitOf(value, WALL)).toBe(expected)
    expect(retryAfterMs(new Headers({ "retry-after": value }), WALL)).toBe(expected)
  })
})

describe("limits that are used up", () => {
  const exhausted = (limits: Record<string, [remaining: string, reset: string]>, x = "x-") =>
    new Headers(
      Object.entries(limits).flatMap(([name, [remaining, reset]]) => [
        [`${x}ratelimit-remaining${name}`, remaining],
        [`${x}ratelimit-reset${name}`, reset],
      ]),
    )

  test.each([
    ["tokens", exhausted({ "-tokens": ["0", "6m0s"] }), 360_000],
    ["requests", exhausted({ "-requests": ["0", "20ms"] }), 20],
    ["none", exhausted({ "-tokens": ["5", "6m0s"], "-requests": ["499", "120ms"] }), undefined],
    ["the later of two", exhausted({ "-tokens": ["0", "1s"], "-requests": ["0", "8.64s"] }), 8640],
    // Cerebras: https://inference-docs.cerebras.ai/support/rate-limits
    [
      "those of a minute and a day",
      exhausted({
        "-requests-day": ["999997455", "33011.382867097855"],
        "-tokens-minute": ["0", "11.382867097854614"],
      }),
      11_383,
    ],
    ["all there is", exhausted({ "": ["0", "1795255260000"] }), 60_000],
    ["the IETF's", exhausted({ "": ["0", "53"] }, ""), 53_000],
    ["a reset that is none", exhausted({ "-tokens": ["0", "later"] }), undefined],
  ])("%s", (_name, headers, expected) => {
    expect(retryAfterMs(headers, WALL)).toBe(expected)
  })
})

describe("messages that say how long to wait", () => {
  test.each([
    ["on tokens per min (TPM): Limit 30000. Please try again in 6.5s. Visit", 6500],
    ["Please try again in 20ms. Visit https://platform.openai.com/account/rate-limits", 20],
    ["Please try again in 50.597142857s. Visit https://console.groq.com/docs/rate-limits", 50_597],
    ["Requested 7895. Please try again in 1m0.363142857s. Visit", 60_363],
    ["Please try again in 9m38.016s. Need more tokens?", 578_016],
    ["Please try again in 2m3s.", 123_000],
    ["pricing tier. Please retry after 3 seconds. Please go here", 3000],
    ["Please retry after 86400 seconds. Please contact Azure support service", DAY],
    ["Rate limit is exceeded. Try again in 50 seconds.", 50_000],
    ["You exceeded your current quota. Please retry in 34.074824224s.", 34_075],
    ["Please retry in 1h2m3.5s.", 3_723_500],
    ["Try again in 20 ms", 20],
    ["try again in 6 hours", 21_600_000],
    ["try again in 2 minutes and 30 seconds", 150_000],
    ["Try again in 3 days.", DAY],
    ["Try again in 1 min", 60_000],
    ["try again in a few seconds", undefined],
    ["try again in 5 moments", undefined],
    ["try again in -5s", undefined],
    ["please retry", undefined],
    ["The model retired after 30 seconds", undefined],
    ["", undefined],
    [undefined, undefined],
  ])("%p asks for %p ms", (message, expected) => {
    expect(waitInWords(message)).toBe(expected)
  })

  test("say less than headers do", () => {
    const headers = new Headers({ "retry-after": "7" })
    expect(toldWaitMs(headers, "try again in 1s", WALL)).toBe(7000)
    expect(toldWaitMs(new Headers(), "try again in 1s", WALL)).toBe(1000)
  })
})
