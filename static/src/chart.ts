// One chart over time, drawn by uPlot. Its x is the number of the step, oldest first,
// so that every chart of a page stands above the same days.
import uPlot from 'uplot'
import { hatched, readInk, type Ink } from './ink'
import { labels, notices } from './marks'
import { named, ticks } from './scale'
import { figure, type Sheet } from './sheet'

/** What the page says about a chart. */
export interface Plan {
  kind: 'bars' | 'lines'
  keys: string[] // columns of the table; bars stand on top of each other in this order
  height: number // of all, in pixels
  most?: number // the top of the value axis, when it is not what was counted
  unit: string // after the numbers of the value axis
  dates: boolean // below the chart
  named: boolean // each line at its end
}

/** A chart in the page. repaint takes the colours anew. */
export interface Chart {
  plot: uPlot
  repaint: () => void
}

type Values = (number | null)[]

/** What a page of paper has room for, in pixels. */
const paper = 700

const number = new Intl.NumberFormat('en')

/**
 * draw fills a host. At scale 2 it is for paper, which has more dots than the screen:
 * everything is drawn twice as large, and the style sheet shows it half as large.
 */
export function draw(host: HTMLElement, plan: Plan, sheet: Sheet, scale: number): Chart {
  let ink = readInk(host)
  const colour = (key: string, as: 'line' | 'fill') => ink.of(key.startsWith('c.') ? 'accepted' : key === 'ignored' && as === 'line' ? 'ignored-line' : key)
  const rows = (list: (Sheet['steps'][number] | undefined)[], key: string): Values => list.map((step) => figure(step, key)?.value ?? null)
  const compared = sheet.before.some(Boolean)
  const series: uPlot.Series[] = [{}]
  const data: Values[] = [sheet.steps.map((_, i) => i)]
  const add = (values: Values, one: uPlot.Series) => { data.push(values); series.push(one) }
  const drawn = { scale, steps: sheet.steps }
  if (plan.kind === 'bars') {
    const paths = uPlot.paths.bars?.({ size: [0.74, 72 * scale] })
    const stack = piled(plan.keys.map((key) => rows(sheet.steps, key)))
    plan.keys.map((key, i) => ({ key, values: stack[i] ?? [] })).reverse().forEach(({ key, values }) => add(values, {
      ...(paths && { paths }), points: { show: false }, width: key === 'ignored' || key === 'automated' ? scale * 0.5 : 0,
      stroke: () => ink.of(key === 'automated' ? 'rejected' : 'edge'),
      fill: (u) => (key === 'automated' ? hatched(u.ctx, ink.of('rejected'), Math.round(5 * scale * uPlot.pxRatio)) : colour(key, 'fill')),
    }))
    if (compared) {
      const sums = piled(plan.keys.map((key) => rows(sheet.before, key))).pop() ?? []
      add(sums, dashed(() => ink.text, scale))
    }
  } else {
    if (compared) for (const key of plan.keys) add(rows(sheet.before, key), dashed(() => colour(key, 'line'), scale))
    for (const key of plan.keys) add(rows(sheet.steps, key), line(() => colour(key, 'line'), scale, key === 'ignored'))
  }
  const counted = Math.max(0, ...data.slice(1).flat().map((n) => n ?? 0)) || (plan.unit === '%' ? 100 : 1)
  const lines = ticks(plan.most ?? counted, plan.height > 120 ? 5 : plan.most ? 2 : 1)
  const plot = new uPlot({
    width: (scale > 1 ? paper : host.clientWidth) * scale, height: plan.height * scale, series,
    legend: { show: false }, padding: [16 * scale, (plan.named ? 64 : 8) * scale, plan.dates ? 0 : 4 * scale, 0],
    scales: { x: { time: false, range: [-0.5, sheet.steps.length - 0.5] }, y: { range: [0, lines[lines.length - 1] ?? 1] } },
    axes: axes(() => ink, plan, sheet, lines, scale),
    cursor: {
      y: false, drag: { x: false, y: false, setScale: false }, points: { show: plan.kind === 'lines', size: 8 },
      bind: { dblclick: () => null }, move: (u, left, top) => [left < 0 ? left : u.valToPos(u.posToIdx(left), 'x'), top],
    },
    hooks: { draw: [(u) => notices(u, ink, drawn), (u) => { if (plan.named) labels(u, ink, drawn, nameOf(host), compared ? plan.keys.length : 0) }] },
  }, data as unknown as uPlot.AlignedData, host)
  return { plot, repaint: () => { ink = readInk(host); plot.redraw() } }
}

function nameOf(host: Element): (index: number) => string {
  const names = [...(host.closest('.drawn')?.querySelectorAll('[data-key] span') ?? [])].map((name) => name.textContent ?? '')
  return (index) => names[index] ?? ''
}

/** Each list with those before it added, so that it ends where the next begins. */
function piled(lists: Values[]): Values[] {
  let below: Values = []
  return lists.map((list) => (below = list.map((n, i) => (n === null ? null : n + (below[i] ?? 0)))))
}

/** Dotted is the one whose grey is near another's: lines are told apart without colour. */
function line(stroke: () => string, scale: number, dotted: boolean): uPlot.Series {
  return { stroke, width: 2 * scale, ...(dotted && { dash: [2 * scale, 3 * scale] }), points: { fill: stroke, size: 6 * scale, show: (u) => u.data[0].length < 15, filter: alone } }
}

function dashed(stroke: () => string, scale: number): uPlot.Series {
  return { stroke, width: 1.5 * scale, dash: [5 * scale, 4 * scale], points: { fill: stroke, size: 4 * scale, show: false, filter: alone } }
}

/** A figure between two gaps is a point: no line would show it. */
function alone(u: uPlot, index: number, show: boolean): number[] | null {
  const values = u.data[index] ?? []
  const there = (i: number) => typeof values[i] === 'number'
  const points = [...values.keys()].filter((i) => there(i) && (show || (!there(i - 1) && !there(i + 1))))
  return points.length > 0 ? points : null
}

function axes(ink: () => Ink, plan: Plan, sheet: Sheet, lines: number[], scale: number): uPlot.Axis[] {
  const font = `${12 * scale}px system-ui, sans-serif`
  const shared = { font, stroke: () => ink().text, ticks: { show: false }, gap: 6 * scale, space: 8 * scale }
  return [
    {
      ...shared, show: plan.dates, size: 28 * scale, grid: { show: false },
      splits: (u) => named(sheet.steps.length, Math.floor(u.width / (76 * scale))),
      values: (_, at) => at.map((i) => sheet.steps[i]?.label ?? ''),
    },
    {
      ...shared, size: 48 * scale, grid: { stroke: () => ink().of('line'), width: scale },
      splits: () => lines, values: (_, at) => at.map((n) => number.format(n) + plan.unit),
    },
  ]
}
