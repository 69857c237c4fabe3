/** What a millisecond of waiting is worth, in nano-USD: a second is a cent, as of people who cost 36 USD an hour. */
export const MILLISECOND = 10_000
