// The gate's start: wiring only. Reads the hint, sends the signals, has opened
// what is permitted, and fetches the banner when there is something to ask or to
// record.
import { attempt, hasLeavings, hasPending, readHint } from './cookie'
import { asks, choice, permits } from './decision'
import { loader, trust } from './loader'
import { pickLocale } from './locale'
import { EMBEDS, isMarked } from './marked'
import { publish, type Consentry } from './queue'
import { signal } from './signals'
import type { Bundle, Gate, Hint, Policy } from './types'

const HELD = '[data-consent]'

/** Whether the bundle holds unmarked tags; a site that only reports has the other. */
declare const AUTO: boolean

/** What counts one page in some; where the site counts none, there is no such code. */
declare const __SAMPLE__: unknown

/** Starts the gate, once a page. guard holds unmarked tags; what it returns holds those of the parser. */
export function start(policy: Policy, guard?: (gate: Gate) => (el: HTMLElement) => void): void {
  if ((window.consentry as Partial<Consentry> | undefined)?.permits) return // another copy runs here
  let hint: Hint = readHint(policy)
  const holds = (condition: string) => permits(policy, hint, condition)
  const tell = () => choice(policy, hint)
  const marked = (selector: string) =>
    [...gate.roots].flatMap(root => [...root.querySelectorAll<HTMLElement>(selector)]).filter(isMarked)
  let told = JSON.stringify(tell())

  const gate: Gate = {
    policy,
    nonce: (document.currentScript as HTMLElement | null)?.nonce || '',
    trusted: trust(),
    locale: pickLocale(policy.locales!, [document.documentElement.lang, ...navigator.languages]),
    permits: holds,
    asks: () => asks(policy, hint),
    refresh() {
      policy = gate.policy
      hint = readHint(policy)
      const now = tell()
      if (told == (told = JSON.stringify(now))) return
      ;[signalled, gate.follow!].map(attempt) // which call the page's own code, if they are there
      document.dispatchEvent(new CustomEvent('consentchange', { detail: now }))
      gate.hide?.()
      // The frame of the click is painted first; a hidden page waits until it is seen.
      requestAnimationFrame(() => setTimeout(seek))
    },
    load: (bundle, rendering = policy.rendering) => fetch([policy.base, bundle, rendering, gate.locale].join('/') + '.js'),
    open: opener =>
      gate.load('preferences').then(
        () => gate.prefer!(opener),
        () => (location.href = policy.base + '/choices'),
      ),
    roots: new Set(),
    lent: new Set(),
    made: new WeakSet(),
    ran: new Set(),
    scan(root = document) {
      gate.roots.add(root as ParentNode & Node)
      observe(root)
      seek()
    },
    held: () => marked(EMBEDS).filter(el => !holds(el.dataset.consent!)),
  }

  /** Something may run; or the page is there, and there is a way back to show or may be something to delete. */
  const due = () =>
    marked(HELD).some(el => holds(el.dataset.consent!)) ||
    (document.readyState == 'complete' && (!gate.asks() || (!AUTO && policy.report) || hasLeavings()))

  /** Has opened what is permitted, and something put where embeds wait. */
  const seek = (): void => {
    if (!gate.release && due()) need('opener')
    gate.release?.()
    if (!gate.place && gate.held()[0]) need('placeholders')
    gate.place?.()
  }
  const need = (bundle: Bundle) => gate.load(bundle).catch(() => {})
  const fetch = loader(gate, seek)

  const check = guard?.(gate)
  const observer = new MutationObserver(records => {
    let some
    for (const { addedNodes, target } of records) {
      if (check && document.readyState == 'loading') ([target, ...addedNodes] as HTMLElement[]).forEach(check)
      for (const node of addedNodes as NodeListOf<HTMLElement>) some ||= attempt(() => node.matches?.(HELD) || node.querySelector?.(HELD)) // fields of a form hide its methods
    }
    if (some) seek()
  })
  // An inline script may arrive in pieces.
  const observe = (root: Node) => observer.observe(root, { childList: true, subtree: true, characterData: document.readyState == 'loading' })
  observe(document)
  const signalled = signal(gate)
  const decide = (control: 'api' | 'withdraw') => (answer = {}) => gate.load('banner').then(() => gate.decide!(control, answer))
  publish({ decision: tell, permits: holds, open: gate.open, decide: decide('api'), withdraw: decide('withdraw'), scan: gate.scan })
  document.addEventListener('click', event => {
    const opener = (event.composedPath()[0] as Element).closest?.<HTMLElement>('[data-consentry-settings],[href$=\\#consentry-settings]')
    if (!opener) return
    event.preventDefault()
    gate.open(opener)
  })
  const activate = (late?: Event) => {
    // On its way first: to read a cookie or storage again can take browsers longer than all of this.
    if (gate.asks() || hasPending(policy)) gate.load('banner').then(() => gate.begin!(), () => {})
    else __SAMPLE__
    late && gate.refresh()
    gate.scan()
    document.addEventListener('readystatechange', () => gate.scan())
    for (const event of ['storage', 'visibilitychange', 'pageshow'])
      addEventListener(event, () => {
        gate.refresh()
        gate.reload?.()
      })
  }
  // A prerendered page has no visitor yet, who may have decided elsewhere meanwhile.
  if (document.prerendering) document.addEventListener('prerenderingchange', activate)
  else activate()
}

declare global {
  interface Document {
    readonly prerendering?: boolean
  }
}
