// Follows a signal of the browser that a remembered choice does not know of: what
// it grants is taken back at once, and that goes on record. What has no answer today
// is still asked about. What the visitor grants after that holds, as far as the site
// lets it.
import { attempt, hasPending, signalled, storedHint } from './cookie'
import { says } from './decision'
import { decide, send } from './send'
import type { Asking } from './types'

export function heed(gate: Asking): void {
  const { policy } = gate
  const hint = attempt(() => storedHint(policy)) || ''
  const answered = policy.categories.filter(({ id, digest }) => says(hint, id, 'g', digest) || says(hint, id, 'd', digest))
  const granted = answered.some(({ id, digest, services }) => says(hint, id, 'g', digest) || services.some(service => says(hint, service, 'g')))
  if (!granted || !signalled(policy) || says(hint, policy.mark, 'd') || hasPending(policy)) return
  send(gate, decide(gate, { surface: 'signal', control: 'signal', layer: 1, categories: Object.fromEntries(answered.map(c => [c.id, 'denied'])) }))
}
