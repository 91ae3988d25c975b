// Reads what the browser remembers: the hint cookie, which scripts may only
// narrow (the sealed one beside it, which no script can read, has the
// authority), and whether a decision waits for its record.
import { findHint, says } from './decision'
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

/** Whether visitors are treated by where they are; the gate of a site with one regime is built without. */
declare const REGIMES: boolean

/**
 * Returns the hint as it is stored; empty where cookies are forbidden, too. What a decision that
 * waits for its record denies is denied: the answer to an earlier one may have
 * come since.
 */
export const storedHint = (policy: Policy): Hint =>
  attempt(() =>
    findHint(document.cookie, cookieName(policy), Date.now() / 1e3).replace(/([\w-]+)~g/g, (mark, id) =>
      hasPending(policy)?.includes(`.${id}.`) ? id + '~d' : mark,
    ),
  ) || ''

/** Whether a signal of the browser is honoured. */
export const signalled = (policy: Policy) => policy.signal || navigator.globalPrivacyControl

/**
 * Returns the hint with what is presumed about the categories that it has no answer
 * for; a refusal of an earlier notice goes on. A signal that it does not know of
 * takes back all that it grants.
 */
export const readHint = REGIMES
  ? (policy: Policy): Hint => {
      const stored = storedHint(policy)
      const { presumed = '' } = policy
      const hint =
        (stored || (presumed && '1..')) +
        presumed.replace(/([\w-]+)~(.)(.+?\.)/g, (_, id, letter, rest) => (stored.includes(`.${id}~d~`) || hasPending(policy)?.includes(`.${id}.`) ? id + '~d' + rest : letter == 'k' ? '' : id + '~' + letter + rest))
      return signalled(policy) && !says(hint, 'gpc', 'd') ? hint.replace(/~g/g, '~d') : hint
    }
  : storedHint

/** The script storage key of the decision that waits for its record, or of the sealed value in mode remote. */
export const storageKey = (policy: Policy, name: 'pending' | 'sealed') => `consentry:${policy.site}:${name}`

/** Returns what send keeps, if a decision waits for its record: `.<denied>.<denied>.` and the decision itself. */
export const hasPending = (policy: Policy) => attempt(() => localStorage.getItem(storageKey(policy, 'pending')))

/** Reports whether there may be something in the browser that nobody permitted. */
export const hasLeavings = () => attempt(() => document.cookie || localStorage.length)
