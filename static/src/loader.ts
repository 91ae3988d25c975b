// Fetches the other bundles: one Trusted Types policy, nonces by property,
// nothing inline.
import type { Gate, Trusted } from './types'

declare global {
  interface Window {
    trustedTypes?: { createPolicy(name: string, rules: Trusted): Trusted }
  }
  interface HTMLScriptElement {
    consentry?: Gate | undefined
  }
}

/**
 * Makes the page's one policy of ours. It is reachable through the gate alone,
 * which only the bundles fetched here are handed: they give it the HTML that
 * they were served with, and the addresses of marked tags.
 */
export const trust = (): Trusted => {
  const rules: Trusted = { createHTML: s => s, createScriptURL: s => s }
  try {
    return window.trustedTypes!.createPolicy('consentry', rules)
  } catch {
    return rules
  }
}

/** Returns what fetches a bundle, once, or anew after it could not be had; then is called whenever one has come. */
export const loader = (gate: Gate, then: () => void): ((address: string) => Promise<unknown>) => {
  const loaded: Record<string, Promise<unknown>> = {}
  return address =>
    (loaded[address] ||= new Promise((resolve, reject) =>
      document.head.append(
        Object.assign(document.createElement('script'), {
          consentry: gate,
          nonce: gate.nonce,
          onload: () => resolve(then()),
          onerror: () => reject(delete loaded[address]),
          src: gate.trusted.createScriptURL(address),
        }),
      ),
    ))
}
