// Layer one: shows the question, follows the buttons. It takes no focus, stops
// nothing on the page, and is gone in the frame after a click; it comes back
// only to say that a grant could not be saved.
import { keepClear } from './clear'
import { mount } from './mount'
import { attempt, honoured, storedHint } from './cookie'
import { says } from './decision'
import { grants } from './narrow'
import type { Answer, Asking, Decision, Signal, Status } from './types'

/** How decisions are recorded; see send. */
export interface Recorder {
  decide(gate: Asking, answer: Answer): Decision
  send(gate: Asking, decision: Decision): Promise<number>
}

const SAVED_FOR = 6000 // milliseconds that "Saved" stays

export const slot = (root: ParentNode, name: string) => root.querySelector<HTMLElement>(`[data-slot=${name}]`)!

/** What every optional category gets from one button. */
export const all = (gate: Asking, status: Status) => Object.fromEntries(gate.policy.categories.map(c => [c.id, status]))

/** Reports whether the visitor has to be told that nothing was switched on. */
export const failed = (status: number, decision: Decision) => grants(decision) && status != 201 && status != 409

/** Says, while something is asked again, which categories changed since the last answer. */
export function tellChanged(gate: Asking, box: HTMLElement): void {
  const hint = attempt(() => storedHint(gate.policy)) || ''
  slot(box, 'changed').hidden = !hint || !gate.asks()
  for (const { id, digest } of gate.policy.categories) {
    const name = box.querySelector<HTMLElement>(`[data-changed="${id}"]`)
    if (name) name.hidden = !hint.includes(`.${id}~`) || says(hint, id, 'g', digest) || says(hint, id, 'd', digest)
  }
}

/** Names the signal that is honoured, if there is one; what stands behind the name's sentence is about Global Privacy Control. */
export function tellSignal(line: HTMLElement, signal: Signal | false | undefined): void {
  line.hidden = !signal
  if (signal == 'doNotTrack') line.textContent = line.firstChild!.textContent!.replace('Global Privacy Control', 'Do Not Track')
}

/** Says that the choice was saved, for a while. */
export function say(root: ParentNode): void {
  const line = slot(root, 'status')
  line.textContent = line.dataset.saved!
  setTimeout(() => (line.textContent = ''), SAVED_FOR)
}

/** Returns what shows and hides layer one. */
export function banner(gate: Asking, { decide, send }: Recorder, css: string, html: string) {
  const page = document.documentElement.style
  let root: ShadowRoot | undefined
  let mounted: Promise<ShadowRoot> | undefined
  let box: HTMLElement
  let giveBack: () => void
  let since = 0
  let last: Decision

  async function show(): Promise<void> {
    const made = await (mounted ||= mount(gate, css, html))
    if (!root) {
      root = made
      box = root.querySelector('section')!
      tellChanged(gate, box)
      tellSignal(slot(box, 'gpc'), honoured(gate.policy))
      box.addEventListener('click', follow)
      giveBack = keepClear(box)
      new ResizeObserver(laidOut).observe(box)
      for (const event of ['pointerenter', 'focus'])
        box.querySelector('[data-do=choose]')!.addEventListener(event, () => gate.load('preferences').catch(() => {}), { once: true })
    }
    box.hidden = false
  }

  /**
   * Runs in a frame, so neither prerendered nor in a hidden tab, once the page has its
   * layout: asked for earlier, it would be made twice.
   */
  function laidOut(): void {
    const { width, height } = box.getBoundingClientRect()
    if (!height) return
    if (width > innerWidth / 2) page.scrollPaddingBottom = height + 'px' // what is focused stays in sight
    for (const text of box.querySelectorAll<HTMLElement>('div')) if (text.scrollHeight > text.clientHeight) text.tabIndex = 0
    if (since) return
    since = performance.now()
    setTimeout(shown) // once it is painted
  }

  function hide(): void {
    if (root) {
      box.hidden = true
      giveBack()
    }
    page.scrollPaddingBottom = ''
  }

  /**
   * Says that it was shown, and which services the page had asked by then although
   * nobody permitted it. Whose a request was the gate tells by what it holds: a link
   * that is nowhere loads nothing. Chromium lists what the page's own policy stops,
   * too, as answered in no time.
   */
  function shown(): void {
    const { policy, locale } = gate
    const held = ({ name, duration }: PerformanceEntry) => (duration > 2 && Object.assign(document.createElement('link'), { href: name }).dataset.consent) || []
    const leaked = [...new Set(performance.getEntriesByType('resource').flatMap(held))]
    const again = !slot(box, 'changed').hidden
    const body = JSON.stringify({ rendering: policy.rendering, locale, layout: policy.layout, again, webdriver: !!navigator.webdriver, leaked })
    const headers = { 'content-type': 'application/json' }
    fetch(policy.base + '/impressions', { method: 'POST', keepalive: true, credentials: 'omit', headers, body }).catch(() => {})
  }

  function follow(event: MouseEvent): void {
    const button = (event.target as Element).closest<HTMLElement>('[data-do]')
    const control = button?.dataset.do
    if (control == 'choose') gate.open(button)
    else if (control == 'retry') event.isTrusted && record(last)
    else if (control) answer(control, event.isTrusted)
  }

  function answer(control: string, trusted: boolean): void {
    const status = control == 'accept-all' ? 'granted' : 'denied'
    if (!trusted && status == 'granted') return
    const after_ms = Math.round(performance.now() - since)
    record(decide(gate, { surface: 'banner', control, layer: 1, categories: all(gate, status), after_ms, untrusted: !trusted }))
  }

  async function record(decision: Decision): Promise<void> {
    last = decision
    hide()
    const status = await send(gate, decision)
    if (!(slot(box, 'failed').hidden = !failed(status, decision))) show()
    else if (status != 409) say(root!) // a newer question has come instead
  }

  return { show, hide }
}
