// Automatic blocking: turns what is not permitted into marked tags before it
// loads, and refuses requests and entries of code that got through. Every patch
// of the page's own objects is made in this file.
//
// What a page's script cannot stop: what the preload scanner has asked for
// before any script ran, CSS url() and @import, import() in a script of its own,
// documents of frames, and workers that were not made from a blob.
import { holder, LOADS } from './hold'
import { rules } from './match'
import { before, property, type Hook } from './patch'
import { isDenied, type Kind } from './stored'
import type { Gate } from './types'
import { guarded } from './worker'

/** An address that fails without a request, as an unreachable one does. */
const DEAD = 'blob:null/'

export function guard(gate: Gate): void {
  const { address, script, refused } = rules(gate.policy)
  const may = (condition: string) => !condition || gate.permits(condition) || gate.lent.has(condition)
  const bar = (condition: string) => (may(condition) ? '' : condition)
  const barred = (url: unknown) => !may(address(url + ''))
  const held = holder(gate, { address: url => bar(address(url)), script: text => bar(script(text)) })

  // Elements that are given an address.
  for (const [tag, names] of Object.entries(LOADS))
    for (const name of names)
      property<HTMLElement>(
        document.createElement(tag),
        name,
        (args, el, native) => (held.assign(el, name, args[0], twin => native.call(twin, args[0])) ? [undefined] : undefined),
        el => held.read(el, name),
      )
  before<HTMLElement>(Element.prototype, 'setAttribute', (args, el, native) => {
    const name = (args[0] + '').toLowerCase()
    return LOADS[el.localName]?.includes(name) && held.assign(el, name, args[1], twin => native.apply(twin, args)) ? [undefined] : undefined
  })

  // Elements that parsing made, where they come into a document.
  const enter: Hook<Node> = (args, self) => {
    if (self.isConnected || self instanceof ShadowRoot) args.forEach(arg => held.enter(arg, self))
  }
  before(Node.prototype, 'appendChild insertBefore replaceChild', enter)
  for (const { prototype } of [Element, Document, DocumentFragment]) before(prototype, 'append prepend replaceChildren', enter)
  for (const { prototype } of [Element, CharacterData]) before(prototype, 'before after replaceWith', enter)
  before(Element.prototype, 'insertAdjacentElement', enter)
  before<Document>(Document.prototype, 'importNode adoptNode', args => held.enter(args[0]))
  before<Range>(Range.prototype, 'insertNode surroundContents', args => held.enter(args[0]))

  // Markup. Browsers run scripts in what a document writes, not in other text.
  const trusted = (html: unknown, text: string) => (text == html + '' ? html : typeof html == 'string' ? text : gate.html(text))
  const parse: Hook<Element> = (args, self, native) => {
    const last = args.length - 1
    const text = held.rewrite(args[last] + '', false)
    args[last] = trusted(args[last], text)
    if (!/<script/i.test(text)) return undefined
    const { parentNode } = self
    const answer = native.apply(self, args)
    held.seal(self)
    held.seal(parentNode)
    return [answer]
  }
  for (const { prototype } of [Element, ShadowRoot]) {
    property(prototype, 'innerHTML', parse)
    before(prototype, 'setHTMLUnsafe', parse)
  }
  property(Element.prototype, 'outerHTML', parse)
  before(Element.prototype, 'insertAdjacentHTML', parse)
  before<Range>(Range.prototype, 'createContextualFragment', args => {
    args[0] = trusted(args[0], held.rewrite(args[0] + '', false))
  })
  before<Document>(Document.prototype, 'write writeln', args => {
    const text = args.join('')
    const marked = held.rewrite(text, true)
    if (marked != text) args.splice(0, args.length, trusted(args[0], marked))
  })

  requests(barred, () => refused(gate.permits))
  entries(gate)

  // What the parser makes, before it goes on.
  const parser = new MutationObserver(records => {
    for (const { addedNodes } of records) addedNodes.forEach(node => node instanceof HTMLElement && held.check(node))
  })
  parser.observe(document, { childList: true, subtree: true })
  document.addEventListener('DOMContentLoaded', () => parser.disconnect())
}

/** Refuses what code asks for by itself, as if the host could not be reached. */
function requests(barred: (url: unknown) => boolean, refused: () => string[]): void {
  const dead: Hook<unknown> = args => {
    if (barred(args[0])) args[0] = DEAD
  }
  before(window, 'fetch', ([input]) => {
    return barred((input as Request | undefined)?.url ?? input) ? [Promise.reject(new TypeError('Failed to fetch'))] : undefined
  })
  before(XMLHttpRequest.prototype, 'open', args => {
    if (barred(args[1])) args[1] = DEAD
  })
  before(Navigator.prototype, 'sendBeacon', ([url]) => (barred(url) ? [false] : undefined))
  before(window, 'EventSource', dead)
  before(window, 'WebSocket', args => {
    if (barred(args[0])) args[0] = 'wss://' + location.hostname + ':1' // a port that browsers refuse
  })
  before(window, 'Worker', args => {
    const [url, options] = args as [unknown, WorkerOptions?]
    const patterns = refused()
    if ((url + '').startsWith('blob:') && options?.type != 'module' && patterns[0]) args[0] = guarded(url + '', patterns)
  })
  const send = (form: HTMLFormElement, button?: HTMLElement | null) => barred(button?.getAttribute('formaction') || form.getAttribute('action') || '')
  before<HTMLFormElement>(HTMLFormElement.prototype, 'submit', (_, form) => (send(form) ? [undefined] : undefined))
  addEventListener(
    'submit',
    event => send(event.target as HTMLFormElement, event.submitter) && event.preventDefault(),
    true,
  )
}

/** Refuses cookies and storage that a denied service declares. */
function entries({ policy, permits }: Gate): void {
  const denied = (kind: Kind, name: unknown) => isDenied(policy, permits, kind, name + '')
  property<Document>(Document.prototype, 'cookie', ([text]) =>
    denied('cookie', (text + '').split('=')[0]!.trim()) ? [undefined] : undefined,
  )
  before<Storage>(Storage.prototype, 'setItem', ([name], self) => {
    return denied(self == window.localStorage ? 'local' : 'session', name) ? [undefined] : undefined
  })
  before(window.CookieStore?.prototype, 'set', ([entry]) =>
    denied('cookie', (entry as { name?: string }).name ?? entry) ? [Promise.resolve()] : undefined,
  )
}

declare global {
  interface Window {
    CookieStore?: { prototype: object }
  }
}
