/** Whether a text is JSON as a whole, and not the beginning of it or something else. */
export function isJson(text: string): boolean {
  try {
    JSON.parse(text)
    return true
  } catch {
    return false
  }
}
