// How bundles attach what they show: a constructable style sheet, HTML through
// the gate's Trusted Types policy, nothing inline.
import type { Gate } from './types'

/**
 * Attaches a shadow root, first in the body, with this style and HTML. Frameworks
 * that take over or exchange the body throw out what they did not render: it comes
 * back with the next frame.
 */
export async function mount(gate: Gate, css: string, html: string): Promise<ShadowRoot> {
  while (!document.body) await new Promise(resolve => setTimeout(resolve, 9))
  const host = document.createElement('div')
  const root = host.attachShadow({ mode: 'open' })
  root.innerHTML = gate.trusted.createHTML(html)
  const sheet = new CSSStyleSheet()
  sheet.replaceSync(css)
  root.adoptedStyleSheets = [sheet]
  const put = () => host.isConnected || document.body?.prepend(host)
  put()
  new MutationObserver(() => host.isConnected || requestAnimationFrame(put)).observe(document, { childList: true, subtree: true })
  return root
}
