// Reads what the browser remembers: the hint cookie, which scripts may only
// narrow (the sealed one beside it, which no script can read, has the
// authority), and whether a decision waits for its record.
import { findHint } from './decision'
import type { Hint, Policy } from './types'

/** On plain http, which works on loopback only, browsers refuse the prefixes. */
export const cookieName = (policy: Policy) =>
  location.protocol == 'http:' ? policy.cookie.replace(/^__\w+?-/, '') : policy.cookie

/** A page may be forbidden its cookies and storage. */
export const attempt = <T>(read: () => T): T | undefined => {
  try {
    return read()
  } catch {
    return
  }
}

/**
 * Returns the hint; empty where cookies are forbidden, too. What a decision that
 * waits for its record denies is denied: the answer to an earlier one may have
 * come since.
 */
export const readHint = (policy: Policy): Hint =>
  attempt(() =>
    findHint(document.cookie, cookieName(policy), Date.now() / 1e3).replace(/([\w-]+)~g/g, (mark, id) =>
      hasPending(policy)?.includes(`.${id}.`) ? id + '~d' : mark,
    ),
  ) || ''

/** The script storage key of the decision that waits for its record, or of the sealed value in mode remote. */
export const storageKey = (policy: Policy, name: 'pending' | 'sealed') => `consentry:${policy.site}:${name}`

/** Returns what send keeps, if a decision waits for its record: `.<denied>.<denied>.` and the decision itself. */
export const hasPending = (policy: Policy) => attempt(() => localStorage.getItem(storageKey(policy, 'pending')))

/** Reports whether there may be something in the browser that nobody permitted. */
export const hasLeavings = () => attempt(() => document.cookie || localStorage.length)
