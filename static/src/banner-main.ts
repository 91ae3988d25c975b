// The banner's bundle: wiring only. The gate fetches it when something is to be
// asked, or when a decision waits for its record.
import { all, banner } from './banner'
import { enter } from './bundle'
import { grants } from './narrow'
import { decide, pending, send, settle } from './send'
import type { Notice } from './types'

declare const __POLICY__: Notice
declare const __HTML__: string
declare const __CSS__: string

const gate = enter(__POLICY__)

/**
 * Reports whether the visitor has just done something in this page. Chromium and
 * Firefox may carry a click over to the page that it leads to; both count what
 * happened in this one: Chromium at once, Firefox once the next frame is painted.
 * What comes after the call is not asked about.
 */
async function clicked(): Promise<boolean> {
  if (!navigator.userActivation?.isActive) return false
  const counts = performance.eventCounts as EventCounts | undefined
  for (let frames = 0; frames++ < 3; ) {
    if (!counts || ['click', 'pointerdown', 'keydown'].some(type => counts.get(type))) return true
    await new Promise(resolve => requestAnimationFrame(() => setTimeout(resolve)))
  }
  return false
}

if (gate) {
  const { show, hide } = banner(gate, { decide, send }, __CSS__, __HTML__)
  gate.show = show
  gate.hide = always => (always || !gate.asks()) && hide()

  // A grant is tried once more and then asked for again; a refusal holds and is
  // sent until somebody has recorded it.
  gate.begin = async () => {
    const waiting = pending(gate)
    if (waiting) {
      if ((await send(gate, waiting)) == 409) return
      if (grants(waiting)) settle(gate, waiting)
    }
    if (gate.asks()) await show()
  }

  // Whoever calls, a grant needs a visitor's click in this moment.
  gate.decide = async (control, { categories, services = {} }) => {
    const given = { surface: 'api', control, layer: 1, categories: { ...all(gate, 'denied'), ...categories }, services } as const
    if (grants(given) && !(await clicked())) return false
    return (await send(gate, decide(gate, given))) == 201
  }
}
