// Fetches the other bundles and attaches what they show: one Trusted Types
// policy, constructable style sheets, nonces by property, nothing inline.
import type { Gate } from './types'

declare global {
  interface Window {
    trustedTypes?: { createPolicy(name: string, rules: Trusted): Trusted }
  }
  interface HTMLScriptElement {
    consentry?: Gate | undefined
  }
}

interface Trusted {
  createHTML(s: string): string
  createScriptURL(s: string): string
}

export interface Loader {
  /** Makes an address acceptable to script.src. */
  url(address: string): string
  /** Makes markup acceptable to innerHTML. */
  html(markup: string): string
  fetch(address: string, gate: Gate): Promise<unknown>
  mount(css: string, html: string): Promise<ShadowRoot>
}

/**
 * The policy stays in here. HTML reaches it only through the gate that a bundle
 * fetched below is handed, and a bundle hands in the HTML it was served with;
 * addresses only from fetch and from marked tags.
 */
export function loader(nonce: string): Loader {
  let trusted: Trusted = { createHTML: s => s, createScriptURL: s => s }
  try {
    trusted = window.trustedTypes!.createPolicy('consentry', trusted)
  } catch {}
  const loaded: Record<string, Promise<unknown>> = {}

  return {
    url: s => trusted.createScriptURL(s),
    html: s => trusted.createHTML(s),

    fetch: (address, gate) =>
      (loaded[address] ||= new Promise((resolve, reject) => {
        const script = document.createElement('script')
        script.consentry = gate
        script.nonce = nonce
        script.onload = resolve
        script.onerror = () => reject(delete loaded[address])
        script.src = trusted.createScriptURL(address)
        document.head.append(script)
      })),

    async mount(css, html) {
      while (!document.body) await new Promise(resolve => setTimeout(resolve, 9))
      const host = document.createElement('div')
      const root = host.attachShadow({ mode: 'open' })
      root.innerHTML = trusted.createHTML(html)
      const sheet = new CSSStyleSheet()
      sheet.replaceSync(css)
      root.adoptedStyleSheets = [sheet]
      document.body.prepend(host)
      return root
    },
  }
}
