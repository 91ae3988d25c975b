// What services leave in the browser, by the names that they declare, pure.
import type { Policy } from './types'

export type Kind = 'cookie' | 'local' | 'session' | 'indexeddb'

/**
 * Reports whether an entry belongs to services none of which is permitted. What
 * nobody declares, or a permitted one too, is left alone.
 */
export function isDenied(policy: Policy, permits: (service: string) => boolean, kind: Kind, name: string): boolean {
  const full = kind == 'cookie' ? name : kind + ':' + name
  const owners = Object.entries(policy.vendors || {}).filter(([, { stored }]) =>
    stored?.split(' ').some(own => (own.endsWith('*') ? full.startsWith(own.slice(0, -1)) : own == full)),
  )
  return !!owners[0] && !owners.some(([service]) => permits(service))
}
