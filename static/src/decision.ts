// The rules, pure: what a hint permits and what is still to be asked. Whatever
// is unknown, unreadable or out of date is denied.
import type { Choice, Hint, Policy, Status, Statuses } from './types'

/**
 * Finds the hint among the page's cookies, by its name and in the form
 * `1.<expires>.<category>~<g|d>~<digest>….<service>~<g|d>…`. Empty when it is
 * missing, malformed, or has run out at `now`, in Unix seconds.
 */
export function findHint(cookies: string, name: string, now: number): Hint {
  const found = cookies.match(`(?:^|; )${name}=(1\\.(\\d+)(\\.[a-z0-9-]+~[gd](~[\\w-]+)?)*)(;|$)`)
  return +found?.[2]! > now ? found![1] + '.' : ''
}

const says = (hint: Hint, ...mark: string[]) => hint.includes('.' + mark.join('~') + '.')

/**
 * Reports whether a condition holds: a category, a service, or CATEGORY:SERVICE.
 * A service's own status overrides its category's.
 */
export function permits(policy: Policy, hint: Hint, condition: string): boolean {
  const [name, service = name] = condition.split(':') as [string, string?]
  if (name == 'necessary') return true
  const category = policy.categories.find(c => c.id == name) || policy.categories.find(c => c.services.includes(name))
  if (!category) return false
  const { id, digest, services } = category
  if (id == service) return says(hint, id, 'g', digest)
  if (!services.includes(service) || says(hint, service, 'd')) return false
  return says(hint, id, 'g', digest) || (says(hint, service, 'g') && says(hint, id, 'd', digest))
}

export const statusOf = (permitted: boolean): Status => (permitted ? 'granted' : 'denied')

/** Reports whether the hint leaves a category unanswered as it is asked today. */
export function asks(policy: Policy, hint: Hint): boolean {
  return policy.categories.some(c => !says(hint, c.id, 'g', c.digest) && !says(hint, c.id, 'd', c.digest))
}

/** What holds now, in words. */
export function choice(policy: Policy, hint: Hint): Choice {
  const categories: Statuses = {}
  const services: Statuses = {}
  const status = (condition: string) => statusOf(permits(policy, hint, condition))
  for (const c of policy.categories) {
    categories[c.id] = status(c.id)
    for (const s of c.services) services[s] = status(c.id + ':' + s)
  }
  return { decided: !asks(policy, hint), categories, services }
}
