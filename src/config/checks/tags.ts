import type { Path } from "../finding.ts"
import { show } from "../redact.ts"
import type { CheckContext } from "./check-context.ts"

/** Checks that tags can be told apart in a header, where callers list them with commas between. */
export function checkTags(
  tags: readonly (string | undefined)[] | undefined,
  path: Path,
  { report }: CheckContext,
): void {
  for (const [index, tag] of (tags ?? []).entries()) {
    if (tag === undefined || !/[\s,]/.test(tag)) continue
    const parts = tag.split(",").map((part) => part.trim().replace(/\s+/g, "-"))
    const better = parts.filter((part) => part !== "").map((part) => JSON.stringify(part))
    report({
      code: "LR2058",
      path: [...path, index],
      message: `${show(tag)} cannot be a tag: it has a space or a comma`,
      why: "callers ask for tags in a header, with commas between them",
      hint: better.length > 0 ? `did you mean \`${better.join(", ")}\`?` : "give it a word",
    })
  }
}
