// The gate's start: wiring only. Reads the hint, sends the signals, has opened
// what is permitted, and fetches the banner when there is something to ask or to
// record.
import { hasLeavings, hasPending, readHint } from './cookie'
import { asks, choice, permits } from './decision'
import { loader } from './loader'
import { pickLocale } from './locale'
import { EMBEDS, isMarked } from './marked'
import { announce, publish, published } from './queue'
import { settings } from './settings'
import { signal } from './signals'
import type { Bundle, Gate, Hint, Policy } from './types'

/** Starts the gate, once a page. guard is what holds unmarked tags. */
export function start(policy: Policy, guard?: (gate: Gate) => void): void {
  if (published()) return
  const nonce = (document.currentScript as HTMLElement | null)?.nonce || ''
  const { fetch, ...lends } = loader(nonce)
  let hint: Hint = readHint(policy)
  const holds = (condition: string) => permits(policy, hint, condition)
  const tell = () => choice(policy, hint)
  const open = (opener?: HTMLElement | null) =>
    gate.load('preferences').then(
      () => gate.prefer!(opener),
      () => location.assign(policy.base + '/choices'),
    )
  const marked = (selector: string) =>
    [...gate.roots].flatMap(root => [...root.querySelectorAll<HTMLElement>(selector)]).filter(isMarked)
  const asked: Bundle[] = []
  let told = JSON.stringify(tell())

  const gate: Gate = {
    ...lends,
    policy,
    nonce,
    locale: pickLocale(policy.locales!, [document.documentElement.lang, ...navigator.languages]),
    permits: holds,
    asks: () => asks(policy, hint),
    refresh() {
      policy = gate.policy
      hint = readHint(policy)
      const now = tell()
      if (told == (told = JSON.stringify(now))) return
      signalled()
      gate.follow?.()
      announce(now)
      control()
      gate.hide?.()
      // The frame of the click is painted first; a hidden page waits until it is seen.
      requestAnimationFrame(() => setTimeout(seek))
    },
    reload() {
      if ([...gate.ran].some(condition => !holds(condition))) location.reload()
    },
    load: (bundle, rendering = policy.rendering) =>
      fetch(`${policy.base}/${bundle == 'opener' ? `opener.${policy.opener}` : `${bundle}/${rendering}/${gate.locale}`}.js`, gate),
    open,
    roots: new Set(),
    lent: new Set(),
    made: new WeakSet(),
    ran: new Set(),
    scan(root = document) {
      gate.roots.add(root as ParentNode & Node)
      observer.observe(root, { childList: true, subtree: true })
      seek()
    },
    held: () => marked(EMBEDS).filter(el => !holds(el.dataset.consent!)),
  }

  /** Something may run; or the page is done and something denied may be left to delete. */
  const due = () =>
    marked('[data-consent]').some(el => holds(el.dataset.consent!)) ||
    (document.readyState == 'complete' && (policy.block == 'report' || (told.includes('denied') && hasLeavings(policy))))

  /** Has opened what is permitted, and something put where embeds wait. */
  function seek(): void {
    if (!gate.release && due()) fetchOnce('opener')
    gate.release?.()
    if (!gate.place && gate.held()[0]) fetchOnce('placeholders')
    gate.place?.()
  }

  function fetchOnce(bundle: Bundle): void {
    if (!asked.includes(bundle) && asked.push(bundle)) gate.load(bundle).then(seek, () => {})
  }

  guard?.(gate)
  const observer = new MutationObserver(records => {
    if (records.some(r => [...r.addedNodes].some(n => (n as Element).closest?.('[data-consent]') || (n as Element).querySelector?.('[data-consent]')))) seek()
  })
  const signalled = signal(gate)
  const control = settings(gate)
  const decide = (control: 'api' | 'withdraw') => (answer = {}) => gate.load('banner').then(() => gate.decide!(control, answer))
  publish({ decision: tell, permits: holds, open, decide: decide('api'), withdraw: decide('withdraw'), scan: gate.scan })
  activated(() => {
    gate.refresh()
    gate.scan()
    document.addEventListener('readystatechange', seek)
    control()
    if (hasPending(policy) || gate.asks()) gate.load('banner').then(() => gate.begin!(), () => {})
    for (const event of ['storage', 'visibilitychange', 'pageshow'])
      addEventListener(event, e => {
        gate.refresh()
        if ((e as PageTransitionEvent).persisted) gate.reload()
      })
  })
}

/** A prerendered page has no visitor yet. */
function activated(then: () => void): void {
  if (document.prerendering) document.addEventListener('prerenderingchange', then)
  else then()
}

declare global {
  interface Document {
    readonly prerendering?: boolean
  }
}
