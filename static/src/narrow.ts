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
  const [expires, ...known] = hint.slice(2, -1).split('.') as [string, ...string[]]
  const marks = new Map(known.map(mark => [mark.replace(/~[gd]/, ''), mark]))
  for (const c of policy.categories) {
    const question = c.id + '~' + c.digest
    const asked = marks.has(question)
    if (answer.categories[c.id] == 'denied') {
      for (const key of marks.keys()) if (key.startsWith(c.id + '~')) marks.delete(key)
      marks.set(question, c.id + '~d~' + c.digest)
    }
    for (const s of c.services) {
      asked || marks.delete(s) // granted under another question, which is not to go on under this one
      if ((answer.services?.[s] || (marks.has(s) && answer.categories[c.id])) == 'denied') marks.set(s, s + '~d')
    }
  }
  return ['1', expires || Math.floor(now + policy.memory), ...marks.values()].join('.')
}

/** The time at which a hint's value runs out, in Unix seconds. */
export const expiry = (value: string) => +value.split('.')[1]!
