/**
 * Reads a small body as far as it comes: what a broken one said so far is better than nothing.
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
  try {
    while (size <= limit) {
      const { done, value } = await reader.read()
      if (done) break
      parts.push(value)
      size += value.length
    }
  } catch {
    // Broken off, or given up: the caller knows the status, and decides by it.
  }
  reader.cancel().catch(() => {})
  return Buffer.concat(parts).subarray(0, limit)
}
