/** Tokens that one picture is said to cost. */
export const IMAGE_TOKENS = 85

/** An estimate for text that came in: about four characters a token. */
export const countTokens = (text: string): number => Math.ceil(text.length / 4)

/** Text cut into the tokens in which it is sent; joined, they are the text. */
export const toTokens = (text: string): string[] => text.match(/\s*\S{1,5}|\s+/gu) ?? []

/** Usage in the shape of chat and legacy completions. */
export function usageOf(prompt: number, completion: number) {
  return {
    prompt_tokens: prompt,
    completion_tokens: completion,
    total_tokens: prompt + completion,
    prompt_tokens_details: { cached_tokens: 0, audio_tokens: 0 },
    completion_tokens_details: {
      reasoning_tokens: 0,
      audio_tokens: 0,
      accepted_prediction_tokens: 0,
      rejected_prediction_tokens: 0,
    },
  }
}
