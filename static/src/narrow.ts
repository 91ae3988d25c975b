// How an answer takes things back before anybody has recorded it, pure. A
// script may only ever narrow the hint.
import type { Answer, Hint, Notice } from './types'

export function grants(answer: Pick<Answer, 'categories' | 'services'>): boolean {
  return Object.values({ ...answer.categories, ...answer.services }).includes('granted')
}

/**
 * Returns the hint's value with everything denied that the answer denies, never
 * with anything granted that was not. Empty when there is nothing to write: a
 * mixed first answer waits for its record.
 */
export function narrow(policy: Notice, hint: Hint, answer: Answer, now: number): string {
  if (!hint && !policy.categories.some(c => c.presumed) && grants(answer)) return ''
  const [expires = '', ...known] = hint.slice(2, -1).split('.')
  const marks = new Map(known.map(mark => [mark.replace(/~[gd]/, ''), mark]))
  const deny = (id: string, digest = '') => marks.set(id + digest, id + '~d' + digest)
  for (const c of policy.categories) {
    const denied = answer.categories[c.id] == 'denied'
    if (denied) {
      for (const key of marks.keys()) if (key.startsWith(c.id + '~')) marks.delete(key)
      deny(c.id, '~' + c.digest)
    }
    for (const s of c.services) if ((answer.services?.[s] || (marks.has(s) && answer.categories[c.id])) == 'denied') deny(s)
  }
  return ['1', expires || Math.floor(now + policy.memory), ...marks.values()].join('.')
}

/** The time at which a hint's value runs out, in Unix seconds. */
export const expiry = (value: string) => +value.split('.')[1]!
