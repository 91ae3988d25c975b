// Automatic blocking: turns what is not permitted into marked tags before it
// loads, and refuses requests and entries of code that got through. Every patch
// of the page's own objects is made here and in requests, but for those that let a
// late script write and listen: they are in world.
//
// What a page's script cannot stop: what the preload scanner has asked for
// before any script ran, CSS url() and @import, import() in a script of its own,
// workers that were not made from a blob, and in Firefox SVG's scripts in the
// page's HTML. What there is no room for: the functions that a blank frame's own
// window has, and frames of a blob's address; test/ways/open.mjs has all of them.
// What it does not try to: the ping of a link, which goes where its visitor went. A
// worker that is held back runs sloppily: its own "use strict" no longer stands first.
import { holder, TAGS, type Holder } from './hold'
import { ATTRIBUTES } from './marked'
import { find, type Table } from './match'
import { before } from './patch'
import { requests } from './requests'
import { isDenied } from './stored'
import type { Gate } from './types'

/** Returns what holds an element that the parser has made, before it goes on. */
export const guard = (gate: Gate): Holder[0] => {
  const services = Object.entries(gate.policy.rules!)
  const table: Table = services.flatMap(([service, [hosts]]) => hosts.split(' ').map(pattern => [pattern, service] as Table[0]))
  const { others = '' } = gate.policy
  const may = (condition: string) => !condition || gate.permits(condition) || gate.lent.has(condition)
  const bar = (condition = '') => {
    if (gate.permits(condition)) gate.ran.add(condition)
    return may(condition) ? '' : condition
  }
  const [check, enter, parse, assign, read, unseen] = holder(
    gate,
    url => bar(find(table, others, url)),
    text => bar(services.find(([, [, inline]]) => inline && RegExp(inline).test(text))?.[0]),
  )

  // Elements that are given an address, and those that come into a document. In one that is not shown an embed has no
  // browser look for plug-ins.
  for (const tag of TAGS) before(unseen.createElement(tag), ATTRIBUTES.join(' '), assign, read)
  // What is taken from a held element is not to come back: it has it under another name. Marking takes away what is there.
  before<HTMLElement>(Element.prototype, 'removeAttribute', ([name], el) => void (el.hasAttribute(name as string) || (el.dataset?.consent && delete el.dataset[name as string])))
  // By name, so that methods yet to come are among them: those that set attributes or markup, and append, prepend,
  // replace, insert, surround, import, adopt, move, before and after.
  for (const { prototype } of [Node, Element, Document, DocumentFragment, ShadowRoot, CharacterData, Range])
    for (const name of Object.getOwnPropertyNames(prototype)) {
      if (/^setAttr/.test(name)) before<HTMLElement>(prototype, name, (args, el, native) => assign(args, el, native, (args.at(-2) ?? (args[0] as Attr)?.name) + ''))
      if (/HTML|ualF/.test(name)) before(prototype, name, parse) // of a contextual fragment, too
      if (/^(a[dfp]|bef|imp|ins|mov|prep|rep|sur)/.test(name))
        before<Node>(prototype, name, (args, self) => {
          if (self.isConnected != false || (self as ShadowRoot).mode) args.forEach(arg => enter(arg, self))
        })
    }

  // A tag may be written in pieces: what is open waits for the rest.
  let open = ''
  before<Document>(document, 'write writeln', (args, self, native, name) => {
    if (typeof args[0] == 'string') {
      const text = open + args.splice(0).join('')
      open = ''
      args[0] = text.replace(/<[a-z][^>]*$/i, tag => ((open = tag), ''))
    }
    parse(args, self, native, name)
  })

  const barred = requests(window, before, find, table, others, may)
  const sent = (form: HTMLFormElement, button?: HTMLElement | null) => barred(button?.getAttribute('formaction') || form.getAttribute('action'))
  before<HTMLFormElement>(HTMLFormElement.prototype, 'submit', (_, form) => sent(form) && [])
  addEventListener('submit', event => sent(event.target as HTMLFormElement, event.submitter) && event.preventDefault(), true)

  // Cookies and storage that a denied service declares.
  const denied = (name: unknown) => isDenied(services, gate.permits, name + '')
  before(document, 'cookie', ([text]) => denied((text + '').split('=')[0]!.trim()) && [])
  before<Storage>(Storage.prototype, 'setItem', ([name], self) => denied((self == window.localStorage ? 'local:' : 'session:') + name) && [])
  before(window.cookieStore, 'set', ([entry]) => denied((entry as { name?: string }).name ?? entry) && [Promise.resolve()])
  return el => {
    check(el.localName ? el : el.parentElement!)
    if (el.shadowRoot) enter(el.shadowRoot, el.shadowRoot)
  }
}
