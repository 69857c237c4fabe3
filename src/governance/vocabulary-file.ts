/** The bytes that a zstd frame begins with (RFC 8878 §3.1.1). */
const ZSTD = Buffer.from([0x28, 0xb5, 0x2f, 0xfd])
/** Slow and small: a vocabulary is packed once, when the executable is built. */
const LEVEL = 22
/** Bytes of a token at most: its length takes one. */
const LONGEST = 255

/**
 * A vocabulary half as large as its file is when that is compressed: each token's length and bytes,
 * by rank, without the base64 and the ranks.
 *
 * @param text lines of a token in base64 and its rank
 */
export function packVocabulary(text: string): Uint8Array {
  const parts = readLines(text).flatMap((token = Buffer.alloc(0)) => {
    if (token.length > LONGEST) throw new Error(`a token of ${token.length} bytes is too long`)
    return [Buffer.of(token.length), token]
  })
  return Bun.zstdCompressSync(Buffer.concat(parts), { level: LEVEL })
}

/** The tokens of a vocabulary's file, packed or as it was published, by rank; undefined is no token. */
export function readVocabulary(file: Buffer): (Buffer | undefined)[] {
  if (!file.subarray(0, ZSTD.length).equals(ZSTD)) return readLines(file.toString("latin1"))
  const bytes = Buffer.from(Bun.zstdDecompressSync(file))
  const tokens: (Buffer | undefined)[] = []
  for (let at = 0; at < bytes.length; ) {
    const length = bytes[at++]!
    tokens.push(length === 0 ? undefined : bytes.subarray(at, at + length))
    at += length
  }
  return tokens
}

function readLines(text: string): (Buffer | undefined)[] {
  const tokens: (Buffer | undefined)[] = []
  for (const line of text.split("\n")) {
    const [base64, rank] = line.split(" ")
    if (base64 === undefined || rank === undefined) continue
    tokens[Number(rank)] = Buffer.from(base64, "base64")
  }
  // Ranks that are left out are no holes.
  return Array.from(tokens)
}
