// The charts of a page: one cursor for all of them, worked by mouse, finger and
// keyboard; the width of the window, the colours and paper.
import { draw, type Chart, type Plan } from './chart'
import { readoutOf, type Readout } from './readout'
import { readSheet, type Sheet } from './sheet'

interface Drawn extends Chart {
  host: HTMLElement
  plan: Plan
  sheet: Sheet
}

/** startCharts draws what the page has a place for. The result takes all of it down. */
export function startCharts(): () => void {
  const places = [...document.querySelectorAll<HTMLElement>('.drawn')]
  const over = new AbortController()
  const { signal } = over
  let drawn: Drawn[] = []
  let readouts: Readout[] = []
  let pointed: number | null = null

  const point = (index: number | null, from?: Drawn) => {
    pointed = index
    for (const one of drawn) {
      if (one !== from) one.plot.setCursor(index === null ? { left: -10, top: -10 } : { left: one.plot.valToPos(index, 'x'), top: 0 }, false)
    }
    const says = readouts.map((readout) => readout(index))
    for (const { plot, host } of drawn) announce(plot.over, index, says[places.indexOf(placeOf(host))] ?? '')
  }

  const paint = (scale: number) => {
    for (const { plot } of drawn) plot.destroy()
    readouts = []
    drawn = places.flatMap((place) => {
      const sheet = sheetOf(place)
      readouts.push(sheet ? readoutOf(place, sheet) : () => '')
      if (!sheet || sheet.steps.length === 0) return []
      return [...place.querySelectorAll<HTMLElement>('[data-chart]')].map((host) => {
        const plan = planOf(host)
        return { ...draw(host, plan, sheet, scale), host, plan, sheet }
      })
    })
    for (const one of drawn) listen(one, () => pointed, point)
  }

  const resized = new ResizeObserver(() => {
    for (const { plot, host, plan } of drawn) {
      if (!host.classList.contains('printing') && host.clientWidth !== plot.width) plot.setSize({ width: host.clientWidth, height: plan.height })
    }
  })
  const print = (on: boolean) => {
    for (const { host } of drawn) host.classList.toggle('printing', on)
    paint(on ? 2 : 1)
  }

  paint(1)
  for (const { host } of drawn) resized.observe(host)
  for (const feature of ['(prefers-color-scheme: dark)', '(forced-colors: active)', '(prefers-contrast: more)'])
    matchMedia(feature).addEventListener('change', () => { for (const one of drawn) one.repaint() }, { signal })
  addEventListener('beforeprint', () => print(true), { signal })
  addEventListener('afterprint', () => print(false), { signal })
  return () => {
    over.abort()
    resized.disconnect()
    for (const { plot } of drawn) plot.destroy()
  }
}

const placeOf = (host: Element) => host.closest<HTMLElement>('.drawn') ?? document.body

function sheetOf(place: HTMLElement): Sheet | undefined {
  const table = document.querySelector<HTMLTableElement>(`table[data-figures="${place.dataset.from}"]`)
  return table ? readSheet(table) : undefined
}

function planOf({ dataset }: HTMLElement): Plan {
  return {
    kind: dataset.chart === 'bars' ? 'bars' : 'lines', keys: (dataset.keys ?? '').split(' '), height: Number(dataset.height), unit: dataset.unit ?? '',
    dates: 'dates' in dataset, named: 'named' in dataset, ...(dataset.most && { most: Number(dataset.most) }),
  }
}

/** The plot is what is worked: to assistive technology a slider along the steps. */
function listen(one: Drawn, at: () => number | null, point: (index: number | null, from?: Drawn) => void): void {
  const { plot, host, sheet } = one
  const last = sheet.steps.length - 1
  const area = plot.over
  plot.ctx.canvas.setAttribute('role', 'img')
  plot.ctx.canvas.setAttribute('aria-label', host.dataset.label ?? '')
  area.tabIndex = 0
  for (const [name, value] of Object.entries({ role: 'slider', 'aria-label': host.dataset.slider ?? '', 'aria-valuemin': '1', 'aria-valuemax': String(last + 1) }))
    area.setAttribute(name, value)
  announce(area, null, '')
  area.addEventListener('mousemove', (event) => point(plot.posToIdx(event.offsetX), one))
  area.addEventListener('mouseleave', () => point(null, one))
  for (const kind of ['pointerdown', 'pointermove'] as const) {
    area.addEventListener(kind, (event) => { if (event.pointerType !== 'mouse') point(plot.posToIdx(event.offsetX)) })
  }
  area.addEventListener('focus', () => { if (at() === null && area.matches(':focus-visible')) point(last) })
  area.addEventListener('blur', () => point(null))
  area.addEventListener('keydown', (event) => {
    const from = at() ?? last
    const moves: Record<string, number> = { ArrowLeft: from - 1, ArrowDown: from - 1, ArrowRight: from + 1, ArrowUp: from + 1, PageDown: from - 7, PageUp: from + 7, Home: 0, End: last }
    const to = moves[event.key]
    if (to === undefined || event.altKey || event.ctrlKey || event.metaKey) return
    event.preventDefault()
    point(Math.max(0, Math.min(last, to)))
  })
}

function announce(area: Element, index: number | null, says: string): void {
  area.setAttribute('aria-valuenow', String((index ?? Number(area.getAttribute('aria-valuemax')) - 1) + 1))
  area.setAttribute('aria-valuetext', says || 'nothing chosen')
}
