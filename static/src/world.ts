// The world that a script expects which runs later than its page meant: it may
// still write where it stands, and events that have passed still come.

type Place = (html: string, el: HTMLScriptElement) => void
type Listener = EventListenerOrEventListenerObject | null

/** Events that a page has once, by what tells that they have passed. */
const PASSED: Record<string, 'domContentLoadedEventStart' | 'domComplete' | 'loadEventStart'> = {
  DOMContentLoaded: 'domContentLoadedEventStart',
  readystatechange: 'domComplete',
  load: 'loadEventStart',
}
const hasPassed = (type: string) => PASSED[type] && performance.timing[PASSED[type]] > 0

const pending = new Map<HTMLScriptElement, Place>()
/** What each has written without closing it. */
const written = new WeakMap<HTMLScriptElement, string>()
let last: [HTMLScriptElement, Place]

/**
 * Lets el, a script about to be put into the document, find the page as it would
 * have been while it was parsed; place puts markup after el and after what el
 * had placed before. To be called right before the insertion; what it returns
 * right after that, unless el still has its load or error event to come.
 */
export function late(el: HTMLScriptElement, place: Place): () => void {
  const { onload } = window
  const { onreadystatechange } = document
  const done = () => {
    if (!pending.has(el)) return
    put(el, place, '', true)
    pending.delete(el)
    if (window.onload != onload && window.onload && hasPassed('load')) replay(window, 'load', window.onload)
    const { onreadystatechange: changed } = document
    if (changed != onreadystatechange && changed && hasPassed('readystatechange')) replay(document, 'readystatechange', changed)
    if (!pending.size) for (const target of [document, window]) unshadow(target)
  }
  if (!last) shadowWrite()
  if (!pending.size) shadowListen()
  pending.set(el, place)
  last = [el, place]
  for (const event of ['load', 'error']) el.addEventListener(event, done)
  return done
}

/** The script that runs now, if it is one of ours; a module is nobody's current script. */
function current(): HTMLScriptElement | undefined {
  const { currentScript } = document
  return [...pending.keys()].find(el => (currentScript ? el == currentScript : el.type == 'module'))
}

/** An own property, in front of the prototype's. */
const own = (target: object, name: string, value: unknown) => Object.defineProperty(target, name, { value, configurable: true, writable: true })

/**
 * From the first late script on: what it writes stands behind it, and what a
 * callback writes once the page is parsed, which would wipe the page, behind the
 * last one.
 */
function shadowWrite(): void {
  for (const name of ['write', 'writeln'] as const) {
    const native = document[name]
    const apply = (_: unknown, self: Document, args: string[]) => {
      const el = current()
      if (!el && document.readyState == 'loading') return native.apply(self, args)
      document.createElement('template').innerHTML = args[0]! // Trusted Types may refuse it
      put(el || last[0], el ? pending.get(el)! : last[1], args.join('') + (name == 'writeln' ? '\n' : ''), !el)
    }
    own(document, name, new Proxy(native, { apply }))
  }
}

/**
 * Places what is complete at once, so that the script's next line finds it; what
 * is open waits for the rest, at the latest for the script's end.
 */
function put(el: HTMLScriptElement, place: Place, html: string, end: boolean): void {
  const all = (written.get(el) || '') + html
  const whole = end || isWhole(all)
  written.set(el, whole ? '' : all)
  if (whole && all) place(all, el)
}

/** Reports whether every element that is opened is closed, as far as tags tell. */
function isWhole(html: string): boolean {
  let depth = 0
  for (const [, end, name] of html.matchAll(/<(\/?)([a-z][^\s>/]*)(?:"[^"]*"|'[^']*'|[^'">])*>/gi))
    if (!/^(area|base|br|col|embed|hr|img|input|link|meta|source|track|wbr)$/i.test(name!)) depth += end ? -1 : 1
  return depth <= 0 && !/<[^>]*$/.test(html)
}

type Shadow = [was: PropertyDescriptor | undefined, shadow: unknown]
const shadows = new Map<EventTarget, Shadow>()

/** While a late script runs: a listener for what has passed is called all the same. */
function shadowListen(): void {
  for (const target of [document, window] as EventTarget[]) {
    const native = target.addEventListener
    const was = Object.getOwnPropertyDescriptor(target, 'addEventListener')
    own(target, 'addEventListener', function (this: unknown, ...args: [string, Listener]) {
      const [type, listener] = args
      const passed = hasPassed(type) && (type != 'load' || target == window)
      if (passed && listener && current()) replay(target, type, listener)
      else native.apply(this as EventTarget, args)
    })
    shadows.set(target, [was, target.addEventListener])
  }
}

/** Puts back what the page had there itself; what has been put there since stays. */
function unshadow(target: EventTarget): void {
  const [was, shadow] = shadows.get(target)!
  if (target.addEventListener != shadow) return
  if (was) Object.defineProperty(target, 'addEventListener', was)
  else delete (target as { addEventListener?: unknown }).addEventListener
}

/** Calls a listener in a task of its own, with an event like the one that has passed. */
function replay(target: EventTarget, type: string, listener: NonNullable<Listener>): void {
  const event = new Event(type, { bubbles: type[0] == 'D' })
  for (const name of ['target', 'currentTarget']) own(event, name, name == 'target' ? document : target)
  setTimeout(() => (typeof listener == 'function' ? listener.call(target, event) : listener.handleEvent(event)))
}
