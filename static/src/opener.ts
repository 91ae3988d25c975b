// Opens marked tags once what they wait for is permitted: in document order,
// one per task, each exactly once. Before that nothing of them is requested.
import { ATTRIBUTES, EXECUTABLE, isMarked } from './marked'
import { find, isOwner, owners, patterns } from './match'
import type { Gate } from './types'
import { late } from './world'

/** Milliseconds in which a page that is to be loaded anew is left: it is hidden on that way, and Firefox would set out once more. */
const LEAVING = 3000

/** Returns what opens all that is permitted, and what opens a single one. */
export function opener(gate: Gate): Required<Pick<Gate, 'release' | 'lend' | 'reload'>> {
  const opened = new WeakSet<Element>()
  /** Embeds that were, which may be given another address to wait for. */
  const loaded = new WeakSet<Element>()
  /** Opened although nothing was kept, by the service. */
  const lent = new WeakMap<Element, string>()
  /** Where each script's writing has come to. */
  const ends = new WeakMap<Element, ChildNode>()
  let before: Promise<unknown> | undefined
  let busy = false
  let running: Promise<void> | undefined
  let left = -LEAVING

  const names = owners(gate.policy)
  const table = names.flatMap(name => patterns(gate.policy, name))

  /**
   * A tag whose condition names a category may load from a service that is denied by
   * itself: it waits for that one, or one of those that share the address, too. Where
   * the service alone is permitted, the tag waits for that one only.
   */
  const holds = ({ dataset }: HTMLElement) => {
    const condition = dataset.consent!
    const owner = !condition.includes('!') && find(table, '', dataset.src || dataset.data)
    const permits = gate.permits(condition)
    if (!owner || gate.permits(owner) == permits) return permits
    if (permits) dataset.consent = owner.split('|').map(service => condition.replace(/(?=\||$)/g, '&' + service)).join('|')
    else if (gate.policy.categories.some(c => c.id == condition && c.services.includes(owner))) dataset.consent += ':' + owner
    return !permits && dataset.consent != condition
  }

  /** What was lent once is lent to the same service's next address in the same place. */
  const isLent = (el: HTMLElement) => (loaded.has(el) ? lent.get(el) == el.dataset.consent : lent.has(el))

  const may = (el: HTMLElement) => !opened.has(el) && (isLent(el) || holds(el)) && isOwn(gate, el)

  function next(): HTMLElement | undefined {
    for (const root of gate.roots)
      for (const el of root.querySelectorAll<HTMLElement>('[data-consent]')) if (isMarked(el) && may(el)) return isParsed(el) ? el : undefined
    return
  }

  function open(held: HTMLElement): void {
    const { parentNode, nextSibling } = held
    const el = held instanceof SVGElement ? renew(held) : held
    const condition = el.dataset.consent!
    opened.add(el)
    // A negated part says nothing of what has to be permitted to go on, and what was lent is not taken back.
    if (!isLent(el)) gate.ran.add(condition.replace(/!\s*[\w:-]+/g, 'necessary'))
    if (el.localName == 'template') {
      const { content } = el as HTMLTemplateElement
      queue(el, content)
      return el.replaceWith(content)
    }
    const focused = (el.getRootNode() as Document).activeElement == el
    const alone = isScript(el) ? [] : lendFor(lent.get(el))
    held.remove()
    const done = isScript(el) ? run(el) : load(el)
    parentNode!.insertBefore(el, nextSibling)
    done()
    if (!isScript(el)) {
      loaded.add(el)
      opened.delete(el)
    }
    alone.forEach(name => gate.lent.delete(name))
    if (focused) el.focus()
    if (parentNode instanceof HTMLMediaElement) parentNode.load()
  }

  /** A script of SVG that a parser has made never loads again in Firefox; another one does. */
  function renew(held: HTMLElement): HTMLElement {
    const el = document.createElementNS(held.namespaceURI, 'script') as HTMLElement
    for (const { name, value } of held.attributes) el.setAttribute(name, value)
    opened.add(held)
    lendOn(held, el)
    return el
  }

  /**
   * Lets the element itself run when it is back in its place, with its nonce,
   * text, listeners and attributes: a script whose type was unknown has not been
   * started.
   */
  function run(el: HTMLScriptElement): () => void {
    const { src } = el.dataset
    const href = el instanceof SVGElement && (el.dataset.href || el.dataset['xlink:href'])
    el.type = typeOf(el)
    // One that a script made is as asynchronous as that script left it.
    if (!gate.made.has(el)) el.async = el.hasAttribute('async')
    if (src) el.src = gate.trusted.createScriptURL(src)
    if (href) el.setAttribute('href', gate.trusted.createScriptURL(href))
    if ((src && !el.hasAttribute('src')) || (href && !el.hasAttribute('href'))) {
      opened.delete(el) // held again, for its own service
      lent.delete(el)
      return () => {}
    }
    const done = late(el, write)
    const ended = new Promise(resolve => ['load', 'error'].forEach(event => el.addEventListener(event, resolve)))
    return () => {
      // Nobody waits for what never says that it has ended: outside of the document, or with nomodule.
      if (!el.isConnected || el.noModule || (!src && !href && isBlocking(el))) done()
      else if (isBlocking(el)) before = ended
    }
  }

  /** Puts what a script has written behind it. Scripts in other markup than a range's never run. */
  function write(html: string, el: HTMLElement): void {
    const range = document.createRange()
    range.selectNode(el)
    const content = range.createContextualFragment(gate.trusted.createHTML(html))
    const end = ends.get(el)
    const { lastChild } = content
    queue(el, content)
    ;(end?.isConnected ? end : el).after(content)
    if (lastChild) ends.set(el, lastChild)
  }

  /** Has the scripts that el brings wait for their turn. */
  function queue(el: HTMLElement, content: DocumentFragment): void {
    // What waits inside for the same is lent along with it.
    for (const inner of content.querySelectorAll<HTMLElement>('[data-consent]')) if (inner.dataset.consent == el.dataset.consent) lendOn(el, inner)
    for (const script of content.querySelectorAll('script')) {
      if (!EXECUTABLE.test(script.type)) continue
      mark(script, el.dataset.consent!)
      lendOn(el, script)
    }
  }

  async function openAll(): Promise<void> {
    for (let el; (el = next()); ) {
      await (isScript(el) && isBlocking(el) && before)
      await new Promise(resolve => setTimeout(resolve))
      try {
        if (may(el) && el.parentNode) open(el) // the page may have thrown it out meanwhile
      } catch (error) {
        reportError(error)
      }
    }
    busy = false
  }

  const lendOn = (from: Element, to: Element) => lent.has(from) && lent.set(to, lent.get(from)!)

  /** Lets the guard pass a service's addresses; returns the names of what was not let pass before. */
  function lendFor(service = ''): string[] {
    const more = names.filter(name => isOwner(name, service) && !gate.lent.has(name))
    more.forEach(name => gate.lent.add(name))
    return more
  }

  async function release(): Promise<void> {
    if (!busy) {
      busy = true
      running = openAll()
    }
    await running
  }

  return {
    release,
    reload() {
      if (performance.now() < left + LEAVING || ![...gate.ran].some(condition => !gate.permits(condition))) return
      left = performance.now()
      // The answer to a form would be asked for by sending the form again, in Chromium without a word. With a fragment this would go nowhere.
      if (location.href.includes('#')) location.reload()
      else location.replace(location.href)
    },
    lend(el, service) {
      lent.set(el, service)
      // Scripts go on to load what they need; a frame does that out of the guard's sight.
      if (isScript(el) || el.localName == 'template') lendFor(service)
      release()
    },
  }
}

/** While the parser may still be inside of el, its content is not all there. */
function isParsed(el: Node): boolean {
  for (let n: Node | null = el; n; n = n.parentNode) if (n.nextSibling) return true
  return document.readyState != 'loading'
}

const isScript = (el: HTMLElement): el is HTMLScriptElement => el.localName == 'script'

/**
 * With a nonce, which is the gate's own, scripts must carry the same one, as
 * they would have to without the gate: injected markup gains nothing.
 */
const isOwn = ({ nonce, made }: Gate, el: HTMLElement) => !nonce || !isScript(el) || el.nonce == nonce || made.has(el)

/**
 * The type that a held script runs with. Ours stands before it where we hold it;
 * an author may write it as data-type, which vendors have other words in, too.
 */
const typeOf = ({ type, dataset }: HTMLScriptElement): string =>
  type == 'text/plain' ? EXECUTABLE.exec(dataset.type || '')?.[0] || '' : type.replace(/^text\/plain /, '')

/** A classic script that the parser would wait for: it waits for the ones before it, and they for it. */
const isBlocking = (el: HTMLScriptElement) =>
  !/module\s*$/i.test(typeOf(el)) && !(el.dataset.src && (el.hasAttribute('async') || el.defer || el.async))

/** Holds a script that would run on its insertion. */
function mark(script: HTMLScriptElement, consent: string): void {
  const src = script.getAttribute('src')
  script.removeAttribute('src')
  if (src) script.dataset.src = src
  script.type = 'text/plain ' + script.type
  script.dataset.consent = consent
}

/**
 * Gives el its addresses under their own names alone: what its page gives it later,
 * or gives a copy of it, is another one. Firefox would load a frame that the parser
 * has made again by itself, when the page is reloaded after a withdrawal; not one
 * that was taken out and put back.
 */
function load(el: HTMLElement): () => void {
  for (const name of ATTRIBUTES) {
    const value = el.dataset[name]
    if (!value) continue
    el.setAttribute(name, value)
    if (el.getAttribute(name) == value) delete el.dataset[name] // else it is held again, for its own service
  }
  if (el.localName == 'style') el.removeAttribute('type')
  return () => {}
}
