// What services leave in the browser, by the names that they declare, pure.

export type Kind = 'cookie' | 'local' | 'session' | 'indexeddb'

/**
 * Reports whether an entry belongs to services none of which is permitted. What
 * nobody declares, or a permitted one too, is left alone. stored has the names
 * of each service, as Vendor has them.
 */
export const isDenied = (stored: [service: string, names: string | undefined][], permits: (service: string) => boolean, kind: Kind, name: unknown): boolean => {
  const full = kind == 'cookie' ? name + '' : kind + ':' + name
  const owners = stored.filter(([, names]) => names?.split(' ').some(own => (own.endsWith('*') ? full.startsWith(own.slice(0, -1)) : own == full)))
  return !!owners[0] && !owners.some(([service]) => permits(service))
}
