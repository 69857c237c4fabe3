/**
 * Reads a small body whole.
 *
 * @param limit bytes; what lies beyond is dropped, and the body cancelled
 */
export async function readAll(
  body: ReadableStream<Uint8Array> | null,
  limit: number,
): Promise<Uint8Array> {
  if (!body) return new Uint8Array()
  const parts: Uint8Array[] = []
  let size = 0
  const reader = body.getReader()
  for (;;) {
    const { done, value } = await reader.read()
    if (done) break
    parts.push(value)
    size += value.length
    if (size > limit) {
      reader.cancel().catch(() => {})
      break
    }
  }
  return Buffer.concat(parts).subarray(0, limit)
}
