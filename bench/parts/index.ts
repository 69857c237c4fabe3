import type { Part } from "../part.ts"
import { chat256, chat64 } from "./chat.ts"
import { large } from "./large.ts"
import { memoryPart } from "./memory.ts"
import { single } from "./single.ts"
import { sizePart } from "./size.ts"
import { slow, steady } from "./slow.ts"
import { startPart } from "./start.ts"
import { fast, fastTranslated, paced, pacedTranslated } from "./streams.ts"
import { workersPart } from "./workers.ts"

/** Everything that is measured, in the order of the table. */
export const parts: readonly Part[] = [
  chat64,
  chat256,
  single,
  paced,
  pacedTranslated,
  fast,
  fastTranslated,
  slow,
  steady,
  large,
  memoryPart,
  startPart,
  sizePart,
  workersPart,
]
