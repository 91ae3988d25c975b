// The rules, pure: what a hint permits and what is still to be asked. Whatever
// is unknown, unreadable or out of date is denied.
import type { Category, Choice, Hint, Policy, Status, Statuses } from './types'

/**
 * Finds the hint among the page's cookies, by its name and in the form
 * `1.<expires>.<category>~<g|d>~<digest>….<service>~<g|d>…`. Empty when it is
 * missing, malformed, or has run out at `now`, in Unix seconds.
 */
export const findHint = (cookies: string, name: string, now: number): Hint => {
  const found = `; ${cookies};`.match(`; ${name}=(1\\.(\\d+)(\\.[a-z\\d-]+~[gd](~[\\w-]+)?)*);`)
  return +found?.[2]! > now ? found![1] + '.' : ''
}

export const says = (hint: Hint, ...mark: string[]) => hint.includes('.' + mark.join('~') + '.')

/** Whether a category was granted as it is asked today; undefined while it has no answer. */
const answered = (hint: Hint, { id, digest }: Category): boolean | undefined =>
  says(hint, id, 'g', digest) || (says(hint, id, 'd', digest) ? false : undefined)

/**
 * Says whether a category, a service, or CATEGORY:SERVICE is granted; undefined
 * while that has no answer to today's question, and for what nobody knows. A
 * service's own status overrides its category's.
 */
const granted = (policy: Policy, hint: Hint, name: string): boolean | undefined => {
  const [first, service = first] = name.split(':') as [string, string?]
  if (first == 'necessary') return true
  const category = policy.categories.find(c => c.id == first || c.services.includes(first))
  if (!category) return
  const { id, services } = category
  const whole = answered(hint, category)
  if (whole == null || id == service) return whole
  return services.includes(service) ? (whole || says(hint, service, 'g')) && !says(hint, service, 'd') : undefined
}

/**
 * Reports whether a condition holds: names joined by & and |, of which & binds
 * closer. !name holds once it is denied, not while nobody has answered.
 */
export const permits = (policy: Policy, hint: Hint, condition: string): boolean =>
  condition.split('|').some(all =>
    all.split('&').every(one => {
      const name = one.replace(/[!\s]/g, '')
      return granted(policy, hint, name) === (name == one.trim())
    }),
  )

export const statusOf = (permitted: boolean): Status => (permitted ? 'granted' : 'denied')

/** Reports whether the hint leaves a category unanswered as it is asked today. */
export const asks = (policy: Policy, hint: Hint): boolean =>
  policy.categories.some(c => answered(hint, c) == null)

/** What holds now, in words. */
export const choice = (policy: Policy, hint: Hint): Choice => {
  const categories: Statuses = {}
  const services: Statuses = {}
  const status = (condition: string) => statusOf(permits(policy, hint, condition))
  for (const c of policy.categories) {
    categories[c.id] = status(c.id)
    for (const s of c.services) services[s] = status(c.id + ':' + s)
  }
  return { decided: !asks(policy, hint), categories, services }
}
