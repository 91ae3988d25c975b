// How bundles attach what they show: a constructable style sheet, HTML through
// the gate's Trusted Types policy, nothing inline.
import type { Gate } from './types'

/** Attaches a shadow root, first in the body, with this style and HTML. */
export async function mount(gate: Gate, css: string, html: string): Promise<ShadowRoot> {
  while (!document.body) await new Promise(resolve => setTimeout(resolve, 9))
  const host = document.createElement('div')
  const root = host.attachShadow({ mode: 'open' })
  root.innerHTML = gate.trusted.createHTML(html)
  const sheet = new CSSStyleSheet()
  sheet.replaceSync(css)
  root.adoptedStyleSheets = [sheet]
  document.body.prepend(host)
  return root
}
