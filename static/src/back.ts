// What Consentry's own pages send a visitor back to the site for: to change the choice,
// and, in mode remote, where no answer of theirs reaches what this page keeps, to forget
// what was erased.
import { attempt, cookieName } from './cookie'
import { keep } from './record'
import type { Asking } from './types'

export function cameBack(gate: Asking): void {
  const { mode, domain } = gate.policy
  const wish = /^#consentry-(settings|forget)$/.exec(location.hash)?.[1]
  if (!wish) return
  history.replaceState(history.state, '', location.pathname + location.search)
  if (wish == 'settings') gate.open()
  else if (mode == 'remote') {
    keep(gate, 'sealed', '')
    attempt(() => (document.cookie = `${cookieName(gate.policy)}=;path=/;max-age=0${location.protocol == 'http:' ? '' : ';secure'}${domain && ';domain=' + domain}`))
    location.reload()
  }
}
