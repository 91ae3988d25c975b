// The inline bootstrap, for pages that start Tag Manager before the gate can
// load: the Consent Mode default, and a place for calls that wait for the gate.
// It is pasted into pages and may be older than the site's policy, so it believes
// the hint only while a gate has just told Google no less in this browser.
import { attempt, readHint } from './cookie'
import { says } from './decision'
import { signal } from './signals'
import type { Consentry } from './queue'
import type { Policy } from './types'

declare const __POLICY__: Policy & { digests: Record<string, string> }

const policy = __POLICY__
const key = `consentry:${policy.site}:told`
const FRESH = 3e5 // milliseconds, as long as browsers use a cached gate unasked

const permits = (hint: string) => (category: string) => category == 'necessary' || says(hint, category, 'g', policy.digests[category] || '-')

signal({ policy, permits: permits(attempt(() => Math.abs(Date.now() - +localStorage[key]) < FRESH) ? readHint(policy) : '') })

/** Notes when the gate has told Google no less than what the hint would make this script say. */
function compare(): void {
  const told: Record<string, unknown> = {}
  for (const command of window.dataLayer as { 0?: unknown; 2: Record<string, unknown> }[])
    if (command?.[0] == 'consent' && !command[2].region) Object.assign(told, command[2])
  const now = permits(readHint(policy))
  const agrees = Object.entries(policy.consent!.keys).every(([name, category]) => told[name] == 'granted' || !now(category))
  attempt(() => (localStorage[key] = agrees && Date.now()))
}

const queue = (window.consentry ||= []) as ((gate: Consentry) => void)[]
queue.push(gate => {
  compare()
  gate.on('change', compare)
})
