// What Consentry's own pages send a visitor back to the site for: to change the choice,
// and, in mode remote, where no answer of theirs reaches what this page keeps, to forget
// what was erased.
import { attempt, cookieName } from './cookie'
import { authority, keep } from './record'
import type { Asking } from './types'

export function cameBack(gate: Asking): void {
  const wish = /^#consentry-(settings|forget)$/.exec(location.hash)?.[1]
  if (!wish) return
  history.replaceState(history.state, '', location.pathname + location.search)
  if (wish == 'settings') gate.open()
  else if (gate.policy.mode == 'remote') void forget(gate)
}

/** Forgets the choice if its record is gone: anybody may have made the link. */
async function forget(gate: Asking): Promise<void> {
  const { base, domain } = gate.policy
  const { status } = await fetch(base + '/receipts/mine', authority(gate)).catch(() => ({ status: 0 }))
  if (status != 404) return
  keep(gate, 'sealed', '')
  attempt(() => (document.cookie = `${cookieName(gate.policy)}=;path=/;max-age=0${location.protocol == 'http:' ? '' : ';secure'}${domain && ';domain=' + domain}`))
  location.reload()
}
