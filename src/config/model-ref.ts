/** `provider/model` split at the first slash: model names may have more of them. Undefined without both parts. */
export function parseModelRef(text: string): { provider: string; model: string } | undefined {
  const slash = text.indexOf("/")
  if (slash <= 0 || slash === text.length - 1) return undefined
  return { provider: text.slice(0, slash), model: text.slice(slash + 1) }
}
