// Turns elements and markup that would load into marked tags, which the opener
// opens like any other.
import { ATTRIBUTES, EXECUTABLE } from './marked'
import type { Hook } from './patch'
import type { Gate } from './types'

/** Elements that load what one of those attributes names. */
export const TAGS = 'script,iframe,img,link,video,audio,source,embed,object,input,track'.split(',')

const TAG = RegExp(`<(${TAGS.join('|')})\\b(?:"[^"]*"|'[^']*'|[^'">])*>`, 'gi')

const isScript = (el: unknown): el is HTMLScriptElement => (el as Element | undefined)?.localName == TAGS[0]

/** Reports whether el can load something; an XML document's own elements have no dataset, and some links are only told of. */
export const loads = (el: HTMLElement) => TAGS.includes(el?.localName) && el.dataset && !/^(can|alt)\w+$/.test((el as HTMLLinkElement).rel)

export type Holder = ReturnType<typeof holder>

/** address and script tell the condition that something waits for, '' when it may load. */
export function holder(gate: Gate, address: (url: string) => string, script: (text: string) => string) {
  const template = document.createElement('template')
  let found = '' // the condition of what was held last

  /** Keeps el as a marked tag, and the value of one of its attributes. A script's own type stands behind one that no browser runs. */
  const keep = (el: HTMLElement, condition: string, name?: string, value?: string): void => {
    el.dataset.consent = condition
    if (name) {
      el.removeAttribute(name)
      el.dataset[name] = value
    }
    if (isScript(el) && EXECUTABLE.test(el.type)) el.type = 'text/plain ' + el.type
  }

  /** The condition that keeps an attribute's value from loading, as an address or as a document of its own. */
  const bar = (name: string, value: string): string => {
    found = ''
    if (name == 'srcdoc' || /^(data:t|java)/i.test(value)) rewrite(unescape(value), true)
    else for (const url of name == 'srcset' ? value.split(/[\s,]+/) : [value]) found ||= address(url)
    return found
  }

  /**
   * Holds what is about to be set on el, the last argument. Trusted Types are
   * asked first, as they would have been: the value is set on a script that is
   * nowhere.
   */
  const assign: Hook<HTMLElement> = (args, el, native, name) => {
    name = name.toLowerCase()
    if (!loads(el) || !ATTRIBUTES.includes(name)) return
    const value = ((args.at(-1) as Attr | undefined)?.value ?? args.at(-1)) + ''
    const condition = bar(name, value)
    if (condition) {
      if (isScript(el)) {
        native.apply(document.createElement('script'), args)
        gate.made.add(el)
      }
      keep(el, condition, name, value)
      // A lazy loader has the address in the same place, and removes it now; and a frame's own document is seen by nobody else.
      queueMicrotask(() => {
        el.hasAttribute(name) || keep(el, condition, name, value)
        scan(el, el.isConnected)
      })
      return []
    }
    if (el.dataset.consent) delete el.dataset[name]
    return
  }

  /** Holds el, if there is one, which has been parsed or made but has not loaded. */
  const check = (el: HTMLElement): void => {
    if (!loads(el)) return
    for (const name of ATTRIBUTES) {
      const value = el.getAttribute(name)
      const condition = value && bar(name, value)
      if (!condition) continue
      keep(el, condition, name, value)
      // What the parser has made of a frame, embed or object loads on, unless it is taken out.
      if (/^[eio]/.test(el.localName)) el.replaceWith(el)
    }
    if (isScript(el) && !el.hasAttribute('src')) checkText(el, el.textContent!)
  }

  const checkText = (el: HTMLScriptElement, text: string): void => {
    const condition = EXECUTABLE.test(el.type) && script(text)
    if (condition) keep(el, condition)
  }

  /** Holds what comes into the document with a node, under its new parent. */
  const enter = (node: unknown, parent: Node): void => {
    if (isScript(parent)) checkText(parent, parent.textContent! + ((node as Node | undefined)?.textContent ?? node))
    if (!(node as Node | undefined)?.nodeType) return
    check(node as HTMLElement)
    ;(node as Element).querySelectorAll?.<HTMLElement>(TAGS.join()).forEach(check)
    scan(parent)
  }

  /** Has what is held looked for in node's root: in a shadow root, or anywhere if nobody else sees that. */
  function scan(node: Node, unseen?: boolean): void {
    const root = node.getRootNode?.() as ShadowRoot
    if ((unseen || root?.mode) && root.querySelector('[data-consent]')) queueMicrotask(() => gate.scan(root))
  }

  /**
   * Markup with what would load from it marked, all else byte for byte. scripts:
   * those that it holds run, as in what a document writes; others are held once
   * something inserts them.
   */
  const rewrite = (html: string, scripts: boolean): string =>
    html.replace(TAG, (tag, name: string, at: number) => {
      if ((/^script/i.test(name) ? !scripts : !/\/\/|srcdoc|[&\\]/i.test(tag)) || /\sdata-consent[\s=>]/.test(tag)) return tag
      template.innerHTML = gate.trusted.createHTML(tag)
      const el = template.content.firstElementChild as HTMLElement
      check(el)
      if (isScript(el)) checkText(el, html.slice(at + tag.length).split(/<\/script/i)[0]!)
      if (!el?.dataset.consent) return tag
      found = el.dataset.consent
      return el.outerHTML.replace(/<\/\w+>$/, '')
    })

  /** Rewrites arguments that are markup; Trusted Types see what they would have seen. */
  const parse: Hook<Node> = (args, self, _, name) => {
    if (self == template) return // with markup of our own
    args.forEach((html, i) => {
      const was = html + ''
      const text = rewrite(was, name[0] == 'w') // write and writeln
      if (text != was) args[i] = html === was ? text : gate.trusted.createHTML(text)
    })
    scan(self)
  }

  /** What el was given, as its own property would tell it. */
  const read: Hook<HTMLElement> = (_args, el, _, name) => {
    const value = el.dataset.consent && el.dataset[name]
    return !!value && !el.hasAttribute(name) && [/src./.test(name) ? value : new URL(value, document.baseURI).href]
  }

  return [check, enter, parse, assign, read, template.content.ownerDocument] as const // whose names are not shipped
}
