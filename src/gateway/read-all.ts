import type { ByteSource } from "../core/byte-source.ts"

/**
 * Reads a small body as far as it comes: what a broken one said so far is better than nothing.
 *
 * @param limit bytes; what lies beyond is dropped, and the body cancelled
 */
export async function readAll(body: ByteSource | null, limit: number): Promise<Uint8Array> {
  if (!body) return new Uint8Array()
  const parts: Uint8Array[] = []
  let size = 0
  try {
    while (size <= limit) {
      const bytes = await body.read()
      if (!bytes) break
      parts.push(bytes)
      size += bytes.length
    }
  } catch {
    // Broken off, or given up: the caller knows the status, and decides by it.
  }
  body.cancel()
  return Buffer.concat(parts).subarray(0, limit)
}
