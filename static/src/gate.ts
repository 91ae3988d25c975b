// Opens marked tags once what they wait for is permitted: in document order,
// one per task, each exactly once. Before that nothing of them is requested.

const MARKED = 'script[type="text/plain"][data-consent],template[data-consent],[data-consent][data-src],[data-consent][data-srcset]'
const EXECUTABLE = /^$|^module$|\/(java|ecma)script$/i

export interface Opener {
  /** Opens what is permitted now, and under a new root from now on. */
  scan(root?: Node): Promise<void>
  /** The conditions under which something was opened in this page. */
  ran: string[]
}

/**
 * Watches the document. `url` makes a script's address acceptable to Trusted
 * Types. With a nonce, which is the gate's own, scripts must carry the same one,
 * as they would have to without the gate: injected markup gains nothing.
 */
export function openMarked(permits: (condition: string) => boolean, url: (u: string) => string, nonce: string): Opener {
  const roots = new Set<ParentNode & Node>()
  const opened = new WeakSet<Element>()
  const ran: string[] = []
  let before: Promise<unknown> | undefined
  let busy = false

  const may = (el: HTMLElement) =>
    !opened.has(el) && permits(el.dataset.consent!) && !(nonce && isScript(el) && el.nonce != nonce)

  function next(): HTMLElement | undefined {
    for (const root of roots)
      for (const el of root.querySelectorAll<HTMLElement>(MARKED)) if (may(el)) return isParsed(el) ? el : undefined
    return
  }

  function open(el: HTMLElement): void {
    const { parentNode, nextSibling } = el
    opened.add(el)
    ran.push(el.dataset.consent!)
    if (el.localName == 'template') return unwrap(el as HTMLTemplateElement)
    el.remove()
    if (isScript(el)) before = start(el, url) || before
    else load(el)
    parentNode!.insertBefore(el, nextSibling)
  }

  async function scan(root: Node = document): Promise<void> {
    roots.add(root as ParentNode & Node)
    observer.observe(root, { childList: true, subtree: true })
    if (busy) return
    busy = true
    for (let el; (el = next()); ) {
      await (isInline(el) && before)
      await new Promise(resolve => setTimeout(resolve))
      try {
        if (may(el)) open(el)
      } catch {}
    }
    busy = false
  }

  const observer = new MutationObserver(() => scan())
  document.addEventListener('readystatechange', () => scan())
  scan()
  return { scan, ran }
}

/** While the parser may still be inside of el, its content is not all there. */
function isParsed(el: Node): boolean {
  for (let n: Node | null = el; n; n = n.parentNode) if (n.nextSibling) return true
  return document.readyState != 'loading'
}

const isScript = (el: HTMLElement): el is HTMLScriptElement => el.localName == 'script'

/** A classic inline script runs at once, so it has to wait for the ones before it. */
const isInline = (el: HTMLElement) => isScript(el) && !el.dataset.src && el.dataset.type != 'module'

/**
 * Lets the element itself run when it is back in its place, with its nonce,
 * text, listeners and attributes: a script whose type was unknown has not been
 * started. Browsers keep the order of external ones that are not async; the
 * promise is for an inline one that comes after.
 */
function start(el: HTMLScriptElement, url: (u: string) => string): Promise<unknown> | void {
  const { src, type = '' } = el.dataset
  el.type = type
  el.async = el.hasAttribute('async')
  if (src) el.src = url(src)
  if (src && !el.async && !el.defer && type != 'module')
    return new Promise(done => ['load', 'error'].forEach(event => el.addEventListener(event, done)))
}

/**
 * Firefox would load a frame that the parser has made again by itself, when the
 * page is reloaded after a withdrawal; not one that was taken out and put back.
 */
function load(el: HTMLElement): void {
  for (const name of ['srcset', 'src']) if (el.dataset[name]) el.setAttribute(name, el.dataset[name])
}

/** Puts a template's content in its place; its scripts join the queue. */
function unwrap(el: HTMLTemplateElement): void {
  for (const script of el.content.querySelectorAll('script')) {
    const { type } = script
    if (!EXECUTABLE.test(type)) continue
    if (script.src) script.dataset.src = script.src
    script.dataset.type = type
    script.removeAttribute('src')
    script.type = 'text/plain'
    script.dataset.consent = el.dataset.consent!
  }
  el.replaceWith(el.content)
}
