// What has this visitor permitted? The same as verify.py, which explains the
// format, the key and the rules, for Node and its standard library.
//
//   const choice = verify('__Host-consentry', 'shop', [key], Date.now() / 1000, sealed, hint)
//   if (choice.permits('analytics')) …
//   if (choice.permits('share', 'youtube')) …

import { createHmac, timingSafeEqual } from 'node:crypto'
import { createInterface } from 'node:readline'
import { pathToFileURL } from 'node:url'

const maxAge = 390 * 24 * 60 * 60

// verify never throws for what a browser sent. keys are Buffers, now is Unix
// seconds, digests (a Map) holds answers against what today's notice asks.
export function verify(name, site, keys, now, sealed, hint, digests) {
  const categories = new Map()
  const services = new Map()
  const said = openSealed(name, site, keys, now, sealed ?? '')
  const told = readHint(hint ?? '', now)
  if (said && told) {
    for (const [id, [status, digest]] of Object.entries(said.cats)) {
      const other = told.cats.get(id)
      if (other?.digest === digest) categories.set(id, { status: other.status === 'granted' ? status : 'denied', digest })
    }
    const own = new Map(Object.entries(said.services ?? {}))
    for (const id of [...own.keys(), ...told.services.keys()]) {
      if (told.services.get(id) !== 'granted') services.set(id, 'denied')
      else if (own.has(id)) services.set(id, own.get(id))
    }
  }
  const permits = (category, service) => {
    if (category === 'necessary') return true
    const answer = categories.get(category)
    if (!answer || (digests && digests.get(category) !== answer.digest)) return false
    return (services.get(service) ?? answer.status) === 'granted'
  }
  return { categories, services, permits }
}

function openSealed(name, site, keys, now, value) {
  if (!/^[\w-]+={0,2}$/.test(value)) return null
  // latin1 keeps every byte of the mac, which may hold a "|" of its own.
  const text = Buffer.from(value, 'base64url').toString('latin1')
  const [date, body] = text.split('|', 2)
  if (body === undefined) return null
  const mac = Buffer.from(text.slice(date.length + body.length + 2), 'latin1')
  const signed = [name.replace(/^__(Host|Secure)-/, ''), date, body].join('|')
  const good = keys.filter((key) => {
    const want = createHmac('sha256', key).update(signed, 'latin1').digest()
    return want.length === mac.length && timingSafeEqual(want, mac)
  })
  if (good.length === 0 || Number(date) < now - maxAge) return null
  const content = JSON.parse(Buffer.from(body, 'base64url').toString())
  return content.v === 1 && content.site === site && now < content.expires ? content : null
}

function readHint(value, now) {
  const fields = value.split('.')
  if (value.length > 4096 || fields[0] !== '1' || !/^\d+$/.test(fields[1] ?? '') || now >= Number(fields[1])) return null
  const told = { cats: new Map(), services: new Map() }
  for (const field of fields.slice(2)) {
    const [id, letter, digest, ...rest] = field.split('~')
    const list = digest === undefined ? told.services : told.cats
    if (rest.length > 0 || (letter !== 'g' && letter !== 'd') || list.has(id)) return null
    const status = letter === 'g' ? 'granted' : 'denied'
    list.set(id, digest === undefined ? status : { status, digest })
  }
  return told
}

// Run as a program it answers requests from standard input, a line of six fields
// between tabs for each: NAME SITE KEY[,KEY…] NOW SEALED HINT, keys in hex, NOW in
// Unix seconds.
if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) {
  for await (const line of createInterface({ input: process.stdin })) {
    const [name, site, keys, now, sealed, hint] = line.split('\t')
    const choice = verify(name, site, keys.split(',').map((key) => Buffer.from(key, 'hex')), Number(now), sealed, hint)
    const categories = [...choice.categories.keys()].filter((id) => choice.permits(id)).sort()
    const services = Object.fromEntries([...choice.services].sort().map(([id, status]) => [id, status === 'granted']))
    console.log(JSON.stringify({ categories, services }))
  }
}
