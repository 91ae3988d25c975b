// The gate: wiring only. Reads the hint, sends the signals, opens what is
// permitted, and fetches the banner when there is something to ask or to record.
import { hasPending, readHint } from './cookie'
import { asks, choice, permits } from './decision'
import { openMarked, type Opener } from './gate'
import { loader } from './loader'
import { pickLocale } from './locale'
import { announce, publish, published } from './queue'
import { settings } from './settings'
import { signal } from './signals'
import type { Gate, Hint, Policy } from './types'

declare const __POLICY__: Policy

if (!published()) start(__POLICY__)

function start(policy: Policy): void {
  const nonce = (document.currentScript as HTMLElement | null)?.nonce || ''
  const load = loader(nonce)
  let hint: Hint = readHint(policy)
  let tags: Opener | undefined
  const holds = (condition: string) => permits(policy, hint, condition)
  const tell = () => choice(policy, hint)
  const open = (opener?: HTMLElement | null) =>
    gate.load('preferences').then(
      () => gate.prefer!(opener),
      () => location.assign(policy.base + '/choices'),
    )
  let told = JSON.stringify(tell())

  const gate: Gate = {
    policy,
    locale: pickLocale(policy.locales, [document.documentElement.lang, ...navigator.languages]),
    permits: holds,
    asks: () => asks(policy, hint),
    refresh() {
      policy = gate.policy
      hint = readHint(policy)
      const now = tell()
      if (told == (told = JSON.stringify(now))) return
      signalled()
      announce(now)
      control()
      gate.hide?.()
      // The frame of the click is painted first; a hidden page waits until it is seen.
      requestAnimationFrame(() => setTimeout(() => tags?.scan()))
    },
    reload() {
      // The place to delete the cookies and storage of what ran and is denied now.
      if (tags?.ran.some(condition => !holds(condition))) location.reload()
    },
    mount: load.mount,
    load: (bundle, rendering = policy.rendering) => load.fetch(`${policy.base}/${bundle}/${rendering}/${gate.locale}.js`, gate),
    open,
  }

  const signalled = signal(gate)
  const control = settings(gate)
  const decide = (control: 'api' | 'withdraw') => (answer = {}) => gate.load('banner').then(() => gate.decide!(control, answer))
  publish({ decision: tell, permits: holds, open, decide: decide('api'), withdraw: decide('withdraw'), scan: root => tags?.scan(root) })
  activated(() => {
    gate.refresh()
    tags = openMarked(holds, load.url, nonce)
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
