import type { Conversation } from "./messages.ts"

const OPENINGS = [
  "Hello from LLM Router!",
  "Hi, this is the demo of LLM Router.",
  "Nice to hear from you. This is LLM Router's demo.",
]

const HOW_TO = `To hear from a real model, add a provider to \`llmrouter.config.ts\`:

\`\`\`ts
providers: { openai: { type: "openai", keys: [env("OPENAI_API_KEY")] } },
groups: { fast: ["openai/gpt-5.4-mini"] },
\`\`\`

Then ask for the model \`fast\`; nothing else in your program changes.`

/** Text on one line, shortened to `limit` characters. */
export function quote(text: string, limit = 200): string {
  const line = text.replace(/\s+/g, " ").trim()
  const characters = [...line]
  return characters.length <= limit ? line : `${characters.slice(0, limit - 1).join("")}…`
}

/** What the demo answers in words. */
export function replyTo(talk: Conversation, random: () => number): string {
  if (talk.results.length > 0) {
    const results = talk.results.map((result) => quote(result, 500)).join("\n- ")
    const asked = talk.prompt ? ` for “${quote(talk.prompt)}”` : ""
    return `Here is what the tools found${asked}:\n\n- ${results}\n\nThis is the demo of LLM Router: the tool call went through your own code and back.`
  }
  const opening = OPENINGS[Math.floor(random() * OPENINGS.length)] ?? ""
  const said = talk.prompt
    ? ` You said: “${quote(talk.prompt)}”.`
    : " You did not say anything yet."
  const nth = talk.turns > 1 ? ` That is message ${talk.turns} of yours in this conversation.` : ""
  const seen = talk.attachments.length
    ? ` I received ${talk.attachments.length} ${talk.attachments.length === 1 ? "attachment" : "attachments"}: ${talk.attachments.join("; ")}.`
    : ""
  return `${opening}${said}${nth}${seen}\n\nI am an embedded upstream and no real model, so this answer is made up of your words and needed no key and no network. ${HOW_TO}`
}
