/** One bar. */
export interface Bar {
  name: string
  value: number
  /** The value as it is shown. */
  text: string
  /** The bar that the chart is about. */
  own: boolean
}

/** Bars of one measure. */
export interface Panel {
  title: string
  bars: readonly Bar[]
}

const WIDTH = 720
const LEFT = 96
const RIGHT = 84
const LINE = 22
const HEAD = 34
const GAP = 14

const escaped = (text: string) =>
  text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;")

/** A chart as SVG: panels of bars side by side, readable on light and on dark pages. */
export function chart(panels: readonly Panel[], caption: string): string {
  const width = WIDTH / panels.length
  const rows = Math.max(1, ...panels.map(({ bars }) => bars.length))
  const height = HEAD + rows * LINE + GAP + 16
  const drawn = panels.map((panel, i) => drawPanel(panel, i * width, width))
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${height}" width="${WIDTH}" height="${height}" role="img">
<title>${escaped(panels.map(({ title }) => title).join("; "))}</title>
<style>
text { font: 12px system-ui, sans-serif; fill: #1f2328 }
.head { font-weight: 600 }
.note { font-size: 11px; fill: #59636e }
.bar { fill: #afb8c1 }
.own { fill: #0969da }
@media (prefers-color-scheme: dark) {
  text { fill: #f0f6fc }
  .note { fill: #9198a1 }
  .bar { fill: #59636e }
  .own { fill: #4493f8 }
}
</style>
${drawn.join("\n")}
<text class="note" x="0" y="${height - 4}">${escaped(caption)}</text>
</svg>
`
}

function drawPanel({ title, bars }: Panel, left: number, width: number): string {
  const most = Math.max(...bars.map(({ value }) => value), Number.MIN_VALUE)
  const room = width - LEFT - RIGHT
  const lines = bars.map(({ name, value, text, own }, i) => {
    const y = HEAD + i * LINE
    const length = Math.max(1, (value / most) * room)
    return `<text x="${left + LEFT - 8}" y="${y + 12}" text-anchor="end">${escaped(name)}</text>
<rect class="${own ? "own" : "bar"}" x="${left + LEFT}" y="${y}" width="${length.toFixed(1)}" height="15" rx="2"/>
<text x="${(left + LEFT + length + 6).toFixed(1)}" y="${y + 12}">${escaped(text)}</text>`
  })
  return `<text class="head" x="${left}" y="16">${escaped(title)}</text>\n${lines.join("\n")}`
}
