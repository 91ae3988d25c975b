// Which service an address or an inline script belongs to: patterns compiled
// once, the most specific first.
import type { Policy } from './types'

export interface Rules {
  /** The condition under which an address may be contacted, '' when anybody may. */
  address(url: string): string
  /** The condition under which an inline script may run, '' when it is nobody's. */
  script(text: string): string
  /** Sources of the patterns whose addresses are refused now. */
  refused(permits: (condition: string) => boolean): string[]
}

/** Holds what no service declares, in mode strict: nothing ever grants it. */
const NOBODY = '-'

/** A pattern's regular expression, over host and path. */
function source(pattern: string): string {
  const [, host = '', port, path] = pattern.match(/^([^:/]+)(:\d+)?(\/.*)?$/)!
  const escape = (text: string) => text.replace(/[.?+^$()[\]{}|\\]/g, '\\$&')
  return '^' + escape(host).replace('*\\.', '(.+\\.)?') + (port || '(:\\d+)?') + escape(path || '/')
}

export function rules({ vendors = {}, block }: Policy): Rules {
  const each = Object.entries(vendors)
  const addresses = each
    .flatMap(([id, { hosts }]) => hosts?.split(' ').map(pattern => [pattern, id] as const) || [])
    .sort(([a], [b]) => b.length - a.length)
    .map(([pattern, id]) => [new RegExp(source(pattern)), id] as const)
  const scripts = each.flatMap(([id, { inline }]) => (inline ? [[new RegExp(inline), id] as const] : []))
  const find = (table: typeof scripts, text: string) => table.find(([pattern]) => pattern.test(text))?.[1]

  return {
    address(url) {
      try {
        const { protocol, host, pathname } = new URL(url, document.baseURI)
        if (!/^(http|ws)/.test(protocol)) return ''
        return find(addresses, host + pathname) || (block == 'strict' && host != location.host ? NOBODY : '')
      } catch {
        return ''
      }
    },
    script: text => find(scripts, text) || '',
    refused: permits => addresses.filter(([, id]) => !permits(id)).map(([pattern]) => pattern.source),
  }
}
