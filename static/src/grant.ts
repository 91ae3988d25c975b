// What a placeholder's buttons do: permit one service, for one embed or for good,
// on record before anything loads.
import { hasPending } from './cookie'
import { find, isOwner, owners, patterns } from './match'
import { askAnew, draw, post } from './record'
import type { Asking, Decision, Gate } from './types'

/** Returns what records a wish for an embed's service and then opens it; it tells whether the visitor has to be told of nothing. */
export function granter(gate: Asking): NonNullable<Gate['grant']> {
  /** Decisions that may have arrived, though nobody has said so. */
  const tries = new WeakMap<HTMLElement, Decision>()

  return async (el, control) => {
    const service = serviceOf(gate, el)
    if (!service) {
      gate.open()
      return true
    }
    // An earlier answer goes on record before this one.
    if (hasPending(gate.policy)) await gate.begin?.()
    const once = control == 'load-once'
    let decision = tries.get(el)
    if (decision?.control != control) {
      decision = draw(gate, { surface: 'placeholder', control, layer: 1, scope: once ? 'once' : 'keep', categories: {}, services: { [service]: 'granted' } })
      tries.set(el, decision)
    }
    const [status, reply] = await post(gate, decision, async (...answer) => answer)
    if (status && status < 500) tries.delete(el)
    if (status == 409) askAnew(gate, reply.error?.rendering)
    // A later answer, which waits for its record or is on its way, wins over this one.
    if (status != 201 || hasPending(gate.policy)) return false
    if (once) gate.lend!(el, service)
    else gate.refresh()
    await gate.release!()
    return true
  }
}

/**
 * The service that el waits for alone. What is marked with its category is from
 * now on marked with its service too, whose address it has.
 */
function serviceOf({ policy, permits }: Gate, { dataset }: HTMLElement): string | undefined {
  const own = policy.categories.find(c => c.id == dataset.consent)?.services || []
  const table = own.flatMap(service => owners(policy).flatMap(name => (isOwner(name, service) ? patterns(policy, name, service) : [])))
  const found = find(table, '', dataset.src || dataset.data)
  if (found) dataset.consent += ':' + found
  const condition = dataset.consent!
  const [name = ''] = condition.match(/[\w:-]*$/)!
  const service = name.split(':').pop()!
  const known = policy.categories.some(c => c.services.includes(service))
  return known && permits(condition.slice(0, -name.length) + 'necessary') ? service : undefined
}
