// Refuses what code asks for by itself, as if the host could not be reached.
import type { Find, Table } from './match'
import type { Before, Hook } from './patch'

type Scope = typeof globalThis & { Worklet?: { prototype: object } }

/**
 * Stands before the requests of a window or a worker; may tells whether a
 * condition holds. Returns what tells whether an address is refused. Workers run
 * this as text, so it stands alone: a worker made from a blob gets the guard
 * before its own code, with what holds at that time.
 */
export function requests(scope: Scope, before: Before, find: Find, table: Table, others: string, may: (condition: string) => unknown): (url: unknown) => boolean {
  const barred = (url: unknown) => !may(find(table, others, url))
  /** An address that fails without a request, as an unreachable one does. */
  const divert =
    (dead: string): Hook<unknown> =>
    args => {
      args.forEach((url, i) => barred(url) && (args[i] = dead))
    }
  const blobs = new Map<unknown, Blob>() // for as long as the browser itself keeps them

  const refuse: Hook<unknown> = ([input]) => barred((input as Request | undefined)?.url ?? input) && [Promise.reject(TypeError('Failed to fetch'))]
  before(scope, 'fetch', refuse)
  before(scope.Worklet?.prototype, 'addModule', refuse)
  before(scope.XMLHttpRequest.prototype, 'open', divert('blob:null/'))
  before(scope, 'EventSource importScripts Audio fetchLater WebTransport', divert('blob:null/'))
  before(scope, 'WebSocket', divert('wss://localhost:1')) // a port that browsers refuse
  before(scope.navigator, 'sendBeacon', ([url]) => barred(url) && [false])
  before(scope.URL, 'createObjectURL', ([blob], _, native) => {
    const url = native(blob)
    blobs.set(url, blob as Blob)
    return [url]
  })
  before(scope.URL, 'revokeObjectURL', ([url]) => void blobs.delete(url))
  before(scope, 'Worker SharedWorker', args => {
    const blob = blobs.get(args[0] + '')
    if (!blob || (!others && table.every(([, condition]) => may(condition)))) return
    const now = table.map(([pattern, condition]) => `["${pattern}",${!may(condition)}]`) // JSON would ask the page's own toJSON
    const code = `(${requests})(self,${before},${find},[${now}],"${others}",c=>!c);`
    args[0] = URL.createObjectURL(new Blob([code, blob], blob))
  })
  return barred
}
