/** The bytes that a zstd frame begins with (RFC 8878 §3.1.1). */
const ZSTD = Buffer.from([0x28, 0xb5, 0x2f, 0xfd])
/** Slow and small: a vocabulary is packed once, when the executable is built. */
const LEVEL = 22
/** Ends a token. Text has no such byte, nor the next one. */
const END = 0xff
/** Stands before the distance of a byte from this one, where that is `END` or this one itself. */
const ESCAPE = 0xfe

/**
 * A vocabulary less than half as large as its file is when that is compressed: the bytes of each token
 * and their end, by rank, without the base64 and the ranks.
 *
 * @param text lines of a token in base64 and its rank
 */
export function packVocabulary(text: string): Uint8Array {
  const bytes: number[] = []
  for (const token of readLines(text)) {
    for (const byte of token ?? []) {
      if (byte >= ESCAPE) bytes.push(ESCAPE, byte - ESCAPE)
      else bytes.push(byte)
    }
    bytes.push(END)
  }
  return Bun.zstdCompressSync(Uint8Array.from(bytes), { level: LEVEL })
}

/** The tokens of a vocabulary's file, packed or as it was published, by rank; undefined is no token. */
export function readVocabulary(file: Buffer): (Buffer | undefined)[] {
  if (!file.subarray(0, ZSTD.length).equals(ZSTD)) return readLines(file.toString("latin1"))
  const bytes = Buffer.from(Bun.zstdDecompressSync(file))
  const tokens: (Buffer | undefined)[] = []
  for (let at = 0; at < bytes.length; ) {
    const end = bytes.indexOf(END, at)
    tokens.push(end === at ? undefined : withoutEscapes(bytes.subarray(at, end)))
    at = end + 1
  }
  return tokens
}

function withoutEscapes(token: Buffer): Buffer {
  if (!token.includes(ESCAPE)) return token
  const bytes: number[] = []
  for (let at = 0; at < token.length; at++) {
    bytes.push(token[at] === ESCAPE ? ESCAPE + token[++at]! : token[at]!)
  }
  return Buffer.from(bytes)
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
