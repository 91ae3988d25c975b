// What services leave in the browser, by the names that they declare, pure.
import type { Rule } from './types'

/**
 * Reports whether an entry, named as Vendor names them, belongs to services none
 * of which is permitted. What nobody declares, or a permitted one too, is left
 * alone.
 */
export const isDenied = (services: [string, Rule][], permits: (service: string) => boolean, name: string): boolean => {
  const owners = services.filter(([, [, , names]]) => names?.split(' ').some(own => (name + '\n').startsWith((own + '\n').replace('*\n', ''))))
  return !!owners[0] && owners.every(([service]) => !permits(service))
}
