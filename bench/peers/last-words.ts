/** The end of what a program said, on one line. Addresses of registries are no one's business. */
export function lastWords(said: string): string {
  const lines = said.split("\n").flatMap((line) => line.trim() || [])
  return lines
    .slice(-2)
    .join("; ")
    .replaceAll(/https?:\/\/\S*[^\s:]/g, "the registry")
}
