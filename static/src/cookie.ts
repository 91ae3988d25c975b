// Reads what the browser remembers: the hint cookie, which scripts may only
// narrow (the sealed one beside it, which no script can read, has the
// authority), and whether a decision waits for its record.
import { findHint, says } from './decision'
import type { Gate, Hint, Policy, Signal } from './types'

/** On plain http, which works on loopback only, browsers refuse the prefixes. */
export const cookieName = (policy: Pick<Policy, 'cookie'>) =>
  location.protocol == 'http:' ? policy.cookie.replace(/^__\w+?-/, '') : policy.cookie

/** A page may be forbidden its cookies and storage. */
export const attempt = <T>(read: () => T): T | undefined => {
  try {
    return read()
  } catch {}
  return undefined
}

/** Whether visitors are treated by where they are; the gate of a site with one regime is built without. */
declare const REGIMES: boolean

/** Returns the hint as it is stored. */
export const storedHint = (policy: Policy): Hint => findHint(document.cookie, cookieName(policy), Date.now() / 1e3)

/**
 * The signal that is honoured, if there is one: true when the server has seen it, else
 * as the browser tells pages of it: by true, or by "1" as Do Not Track has it.
 */
export const signalled = (policy: Pick<Policy, 'heeds' | 'signal'>) => (REGIMES && policy.signal) || policy.heeds.find(name => (navigator[name] as unknown) == 1)

/**
 * Returns what holds; empty where cookies are forbidden, too. To what is stored it
 * adds what is presumed about the categories without an answer, whatever services were
 * granted beside it under another question; a refusal of an earlier notice goes on. What
 * a decision that waits for its record denies is denied, since the answer to an
 * earlier one may have come since, as is everything under a signal that the hint
 * does not know of.
 */
export const readHint = (policy: Policy): Hint =>
  attempt(() => {
    let hint = storedHint(policy)
    if (REGIMES)
      for (const { id, digest, services, presumed } of policy.categories)
        if (presumed && !says(hint, id, 'd', digest)) {
          const refused = hint.includes(`.${id}~d~`)
          for (const service of services) hint = hint.replace(`.${service}~g`, '')
          hint = (hint || '1..') + `${id}~${refused ? 'd' : presumed}~${digest}.`
        }
    const signal = signalled(policy) && !says(hint, policy.mark, 'd')
    return hint.replace(/\.([\w-]+)~g/g, (mark, id) => (signal || says(hasPending(policy) || '', id) ? '.' + id + '~d' : mark))
  }) || ''

/** Which signal that is, as far as the page can tell: one that the server alone has seen is taken for the first of them. */
export const honoured = ({ heeds, signal }: Policy) => (signalled({ heeds }) || (signal && heeds[0])) as Signal | undefined

/** Reports whether anything optional is permitted: whoever permits it in spite of a signal is not told that it is followed. */
export const some = ({ policy, permits }: Pick<Gate, 'policy' | 'permits'>) => policy.categories.some(({ id, services }) => [id, ...services.map(s => id + ':' + s)].some(permits))

/** Returns what send keeps, if a decision waits for its record: `.<denied>.<denied>.` and the decision itself. */
export const hasPending = (policy: Policy) => attempt(() => localStorage.getItem('consentry:' + policy.site + ':pending'))

/** Reports whether there may be something in the browser that nobody permitted. */
export const hasLeavings = () => attempt(() => document.cookie || localStorage.length + sessionStorage.length)
