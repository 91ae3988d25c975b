// Turns elements and markup that would load into marked tags, which the opener
// opens like any other.
import type { Gate } from './types'

/** Where elements keep addresses. */
export const LOADS: Record<string, string[]> = {}
for (const line of 'script src,iframe src srcdoc,img src srcset,link href,video src poster,audio src,source src srcset,embed src,object data,input src,track src'.split(','))
  [LOADS[line.split(' ')[0]!]] = [line.split(' ').slice(1)]

const TAGS = Object.keys(LOADS).join()
const TAG = RegExp(`<(${TAGS.replace(/,/g, '|')})\\b(?:"[^"]*"|'[^']*'|[^'">])*>`, 'gi')
const EXECUTABLE = /^$|^module$|\/(java|ecma)script$/i

/** The condition that something waits for, '' when it may load. */
export interface Bars {
  address(url: string): string
  script(text: string): string
}

const isScript = (el: Node): el is HTMLScriptElement => el instanceof HTMLScriptElement

/** Keeps el as a marked tag. */
function keep(el: HTMLElement, condition: string): void {
  el.dataset.consent = condition
  if (!isScript(el) || el.type == 'text/plain') return
  el.dataset.type = el.type
  el.type = 'text/plain'
}

export type Holder = ReturnType<typeof holder>

export function holder(gate: Gate, bars: Bars) {
  const template = document.createElement('template')
  /** Scripts that came as markup, which browsers do not run. */
  const inert = new WeakSet<Node>()
  let busy = false // with markup of our own

  /** The condition that keeps an attribute's value from loading. */
  function bar(name: string, value: string): string {
    let found = ''
    if (name == 'srcdoc') rewrite(value, true, condition => (found ||= condition))
    else for (const url of name == 'srcset' ? value.split(/[\s,]+/) : [value]) found ||= bars.address(url)
    return found
  }

  /**
   * Holds what is about to be set on el, and reports whether. Trusted Types are
   * asked first, as they would have been: set sets the value on a script that is
   * nowhere.
   */
  function assign(el: HTMLElement, name: string, value: unknown, set: (script: HTMLScriptElement) => void): boolean {
    const text = value + ''
    const condition = bar(name, text)
    if (!condition) {
      delete el.dataset[name]
      return false
    }
    if (isScript(el)) {
      set(document.createElement('script'))
      gate.made.add(el)
    }
    keep(el, condition)
    el.dataset[name] = text
    el.removeAttribute(name)
    return true
  }

  /** Holds el, which has been parsed or made but has not loaded. */
  function check(el: HTMLElement): void {
    if (inert.has(el)) return
    for (const name of LOADS[el.localName] || []) {
      const value = el.getAttribute(name)
      const condition = value && bar(name, value)
      if (!condition) continue
      keep(el, condition)
      el.dataset[name] = value
      el.removeAttribute(name)
    }
    if (isScript(el) && !el.hasAttribute('src') && EXECUTABLE.test(el.type)) checkText(el, el.text)
  }

  function checkText(el: HTMLElement, text: string): void {
    const condition = bars.script(text)
    if (condition) keep(el, condition)
  }

  /** Holds what comes into the document with a node, under its new parent. */
  function enter(node: unknown, parent?: Node): void {
    if (!(node instanceof Node)) {
      if (parent && isScript(parent) && node != null) checkText(parent, parent.text + node)
      return
    }
    if (node instanceof HTMLElement) check(node)
    else if (parent && isScript(parent) && !parent.text) checkText(parent, node.textContent!)
    ;(node as Element).querySelectorAll?.<HTMLElement>(TAGS).forEach(check)
    const root = parent?.getRootNode()
    if (root instanceof ShadowRoot) queueMicrotask(() => gate.scan(root))
  }

  /** Markup with what would load from it marked, all else byte for byte. */
  function rewrite(html: string, scripts: boolean, found?: (condition: string) => void): string {
    return html.replace(TAG, (tag, name: string, at: number) => {
      const script = /script/i.test(name)
      if ((script ? !scripts : !/\/\/|srcdoc/i.test(tag)) || tag.includes('data-consent') || busy) return tag
      busy = true
      template.innerHTML = gate.html(tag)
      busy = false
      const el = template.content.firstElementChild as HTMLElement | null
      if (!el) return tag
      check(el)
      if (script) checkText(el, html.slice(at + tag.length).split(/<\/script/i)[0]!)
      if (!el.dataset.consent) return tag
      found?.(el.dataset.consent)
      return el.outerHTML.replace(/<\/\w+>$/, '')
    })
  }

  return {
    assign,
    check,
    enter,
    rewrite,
    /** Scripts under a node, which came as markup. */
    seal: (node: ParentNode | null) => node?.querySelectorAll('script').forEach(script => inert.add(script)),
    /** What el was given, as its own property would tell it. */
    read(el: HTMLElement, name: string): string | undefined {
      const value = el.dataset.consent && el.dataset[name]
      if (!value || el.hasAttribute(name)) return
      return /^src(set|doc)$/.test(name) ? value : new URL(value, document.baseURI).href
    },
  }
}
