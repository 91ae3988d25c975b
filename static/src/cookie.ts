// Reads what the browser remembers: the hint cookie, which scripts may only
// narrow (the sealed one beside it, which no script can read, has the
// authority), and whether a decision waits for its record.
import { findHint } from './decision'
import type { Hint, Policy } from './types'

/** On plain http, which works on loopback only, browsers refuse the prefixes. */
export const cookieName = (policy: Policy) =>
  location.protocol == 'http:' ? policy.cookie.replace(/^__\w+?-/, '') : policy.cookie

/** Returns the hint; empty where cookies are forbidden, too. */
export function readHint(policy: Policy): Hint {
  try {
    return findHint(document.cookie, cookieName(policy), Date.now() / 1e3)
  } catch {
    return ''
  }
}

/** The script storage key of the decision that waits for its record, or of the sealed value in mode remote. */
export const storageKey = (policy: Policy, name: 'pending' | 'sealed') => `consentry:${policy.site}:${name}`

export function hasPending(policy: Policy): boolean {
  try {
    return !!localStorage.getItem(storageKey(policy, 'pending'))
  } catch {
    return false
  }
}

/** Reports whether anybody else has left something in the browser. */
export function hasLeavings(policy: Policy): boolean {
  try {
    return document.cookie.split('; ').some(c => c && !c.startsWith(cookieName(policy) + '=')) || localStorage.length > 0
  } catch {
    return false
  }
}
