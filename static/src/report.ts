// Mode report: holds nothing, and tells the server now and then which hosts a
// page talks to and which names it keeps. The server drops what is declared.
import type { Gate } from './types'

const SHARE = 0.1 // of page views
const SETTLED = 9000 // milliseconds after which a page has shown what it loads
const MOST = 20 // names of a kind, which the server takes

/** Without what may be an identifier: runs of digits and of hexadecimal digits, and what follows a separator. */
const mask = (name: string) => name.replace(/[0-9a-f]{6,}|\d+/gi, '*').replace(/[^\w.*-].*|.*@.*/, '').slice(0, 64)

/** Other ones each time where there are too many. */
const some = (names: string[]) =>
  [...new Set(names)]
    .filter(name => /^[!-~]+$/.test(name))
    .sort(() => Math.random() - 0.5)
    .slice(0, MOST)

export function report({ policy }: Gate): void {
  if (policy.report && Math.random() < SHARE) setTimeout(send, SETTLED, policy.base + '/sightings')
}

function send(url: string): void {
  const hosts = performance.getEntriesByType('resource').map(({ name }) => new URL(name).hostname)
  const body = JSON.stringify({
    hosts: some(hosts.filter(host => host != location.hostname)),
    cookies: some(document.cookie.split(/=[^;]*;?\s*/).map(mask)),
    storage: some([localStorage, sessionStorage].flatMap(storage => Object.keys(storage)).map(mask)),
  })
  fetch(url, { method: 'POST', keepalive: true, credentials: 'omit', headers: { 'content-type': 'application/json' }, body }).catch(() => {})
}
