// Answers of the banner and the preferences on their way: applies what they take
// back at once, and keeps each until the server has acknowledged it.
import { attempt, storedHint } from './cookie'
import { narrow } from './narrow'
import { askAnew, draw, keep, post, write } from './record'
import type { Answer, Asking, Decision } from './types'

/** Answers of the server after which sending again cannot help; what stands before it may say 403 as well. */
const FINAL = [400, 403, 409, 410, 413, 415, 422]

/** Starts a decision: what it denies is denied from now on, recorded or not. */
export function decide(gate: Asking, answer: Answer): Decision {
  const decision = draw(gate, answer)
  gate.lent.clear()
  takeBack(gate, decision)
  keep(gate, 'pending', ['', ...denied(gate, decision), JSON.stringify(decision)].join('.'))
  gate.refresh()
  return decision
}

/** The categories and services that an answer denies, with all that a denied category's services were granted and are no more. */
const denied = ({ policy }: Asking, { categories, services }: Answer): string[] =>
  policy.categories.flatMap(c => [c.id, ...c.services].filter(id => (services?.[id] || categories[c.id]) == 'denied'))

/**
 * Posts a decision and follows the answer. Returns its status, 0 when there was
 * none. Code that has run without permission from now on does not wait for it:
 * the page is loaded again, and the next one asks for the answer if it was missed.
 * Where nothing can be kept for the next page, the answer is waited for.
 */
export async function send(gate: Asking, decision: Decision): Promise<number> {
  const answered = post(gate, decision, async (status, { error }) => {
    if (status == 201 || (error && FINAL.includes(status))) settle(gate, decision)
    const waiting = pending(gate)
    if (waiting) takeBack(gate, waiting)
    gate.refresh()
    gate.reload?.()
    return [status, error?.rendering] as const
  })
  if (pending(gate)) gate.reload?.()
  const [status, rendering] = await answered
  if (status == 409) await askAnew(gate, rendering) // which may send another one
  return status
}

/** The decision that waits for its record. */
export function pending(gate: Asking): Decision | undefined {
  return attempt(() => JSON.parse(keep(gate, 'pending')!.replace(/^[^{]*/, '')) as Decision)
}

/** Forgets a decision that needs no record any more. */
export function settle(gate: Asking, decision: Decision): void {
  if (pending(gate)?.id == decision.id) keep(gate, 'pending', '')
}

function takeBack(gate: Asking, answer: Answer): void {
  const value = narrow(gate.policy, attempt(() => storedHint(gate.policy)) || '', answer, Date.now() / 1e3)
  if (value) write(gate, value)
}
