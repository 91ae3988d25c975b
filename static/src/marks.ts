// What stands in a chart beside its figures.
import type uPlot from 'uplot'
import type { Ink } from './ink'
import type { Step } from './sheet'

export interface Drawn {
  scale: number
  steps: Step[]
}

/** A mark where a changed notice was shown for the first time. */
export function notices(u: uPlot, ink: Ink, { scale, steps }: Drawn): void {
  const pen = u.ctx
  const dot = scale * ratio(u)
  pen.save()
  pen.strokeStyle = pen.fillStyle = ink.text
  pen.lineWidth = dot
  pen.setLineDash([3 * dot, 3 * dot])
  steps.forEach((step, i) => {
    if (!step.changed) return
    const x = Math.round(u.valToPos(i, 'x', true)) + dot / 2
    const { top, height } = u.bbox
    pen.beginPath()
    pen.moveTo(x, top)
    pen.lineTo(x, top + height)
    pen.stroke()
    pen.beginPath()
    pen.moveTo(x, top - 9 * dot)
    pen.lineTo(x + 5 * dot, top - dot)
    pen.lineTo(x - 5 * dot, top - dot)
    pen.fill()
  })
  pen.restore()
}

/** The name of each line at its end, apart from each other. The first series are left out. */
export function labels(u: uPlot, ink: Ink, { scale }: Drawn, name: (index: number) => string, without: number): void {
  const pen = u.ctx
  const dot = scale * ratio(u)
  const ends = u.series.slice(1 + without).map((_, i) => {
    const values = [...(u.data[i + 1 + without] ?? [])]
    const last = values.map((value) => typeof value === 'number').lastIndexOf(true)
    return { name: name(i), y: last < 0 ? NaN : u.valToPos(values[last] ?? 0, 'y', true) }
  }).filter((end) => !Number.isNaN(end.y)).sort((a, b) => a.y - b.y)
  const room = 15 * dot
  ends.forEach((end, i) => { end.y = Math.max(end.y, i > 0 ? (ends[i - 1]?.y ?? 0) + room : u.bbox.top) })
  const bottom = u.bbox.top + u.bbox.height
  ends.reverse().forEach((end, i) => { end.y = Math.min(end.y, i > 0 ? (ends[i - 1]?.y ?? 0) - room : bottom) })
  pen.save()
  pen.font = `${12 * dot}px system-ui, sans-serif`
  pen.fillStyle = ink.text
  pen.textAlign = 'left'
  pen.textBaseline = 'middle'
  for (const end of ends) pen.fillText(end.name, u.bbox.left + u.bbox.width + 6 * dot, end.y)
  pen.restore()
}

/** How many of the canvas's dots one pixel of the page has. */
const ratio = (u: uPlot) => u.ctx.canvas.width / u.width
