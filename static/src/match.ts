// Which service an address belongs to.
import type { Policy } from './types'

/** Patterns of addresses, each with the condition under which it may be contacted. */
export type Table = [pattern: string, condition: string][]

/** The names that a policy has addresses under: services, and a|b for what several share. */
export const owners = ({ rules, vendors }: Policy): string[] => Object.keys({ ...rules, ...vendors })

export const isOwner = (name: string, service: string) => name.split('|').includes(service)

/** Returns one name's part of a table. */
export const patterns = ({ rules, vendors }: Policy, name: string, condition = name): Table => {
  const hosts = rules?.[name]?.[0] || vendors?.[name]?.hosts || ''
  return hosts.split(' ').map(pattern => [pattern, condition])
}

export type Find = typeof find

/**
 * Returns the condition under which an address may be contacted, that of the
 * longest pattern; otherwise `others` for another host, '' for this one. A
 * pattern is a host or *.host, a port, and the beginning of a path. Workers run
 * this as text, so it stands alone.
 */
export const find = (table: Table, others: string, address: unknown): string => {
  let found = ''
  let length = 0
  try {
    const { protocol, host, hostname, pathname } = new URL(address + '', self.document?.baseURI)
    if (!/^(h|ws)/.test(protocol)) return found
    if (!location.origin.endsWith('//' + host)) found = others
    for (const [pattern, condition] of table) {
      const [, star, name, path] = /^(\*?)([^/]*)(.*)/.exec(pattern) as unknown as string[]
      if (pattern.length > length && [host, hostname, hostname.replace(/\.$/, '')].some(host => (star ? ('.' + host).endsWith(name!) : host == name)) && pathname.startsWith(path!)) {
        length = pattern.length
        found = condition
      }
    }
  } catch {}
  return found
}
