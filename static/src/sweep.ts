// Deletes what services left that are not permitted: cookies under every path
// and domain that this page can reach, script storage, databases.
import { isDenied } from './stored'
import type { Gate, Rule } from './types'

export function sweep(gate: Gate): void {
  const { policy, permits } = gate
  const services = Object.entries(policy.vendors || {}).map(([service, { stored = '' }]) => [service, ['', '', stored]] as [string, Rule])
  const denied = (kind: string) => (name: string) => isDenied(services, permits, kind + name)
  // The guard refuses whatever is written under these names, deletion too.
  gate.permits = () => true
  attempt(() => document.cookie.split('; ').map(pair => pair.split('=')[0]!).filter(denied('')).forEach(expire))
  gate.permits = permits
  attempt(() => clear(localStorage, denied('local:')))
  attempt(() => clear(sessionStorage, denied('session:')))
  attempt(() =>
    indexedDB.databases().then(list => {
      for (const { name } of list) if (name && denied('indexeddb:')(name)) indexedDB.deleteDatabase(name)
    }),
  )
}

/** A page may be forbidden its storage, or have none. */
function attempt(task: () => unknown): void {
  try {
    task()
  } catch {}
}

function clear(storage: Storage, denied: (name: string) => boolean): void {
  for (const name of Object.keys(storage)) if (denied(name)) storage.removeItem(name)
}

/**
 * Expires a cookie for this host alone and for every domain above it; browsers
 * refuse the ones that are public suffixes. Which path and domain it was set
 * with cannot be read.
 */
function expire(name: string): void {
  const labels = location.hostname.split('.')
  const domains = ['', ...labels.map((_, i) => ';domain=' + labels.slice(i).join('.'))]
  const parts = location.pathname.split('/')
  const paths = parts.flatMap((_, i) => [parts.slice(0, i + 1).join('/'), parts.slice(0, i + 1).join('/') + '/'])
  for (const domain of domains)
    for (const path of new Set(['/', ...paths]))
      for (const more of ['', ';secure', ';secure;partitioned']) document.cookie = `${name}=;max-age=0;path=${path || '/'}${domain}${more}`
}
