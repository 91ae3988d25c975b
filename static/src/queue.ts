// The public API, window.consentry. A page may queue calls before the gate has
// loaded: (window.consentry = window.consentry || []).push(c => c.open())
import type { Choice, Statuses } from './types'

export interface Consentry {
  /** What holds now. */
  decision(): Choice
  /** Whether a category, a service or CATEGORY:SERVICE is permitted. */
  permits(condition: string): boolean
  /** Calls back after every change, for good. The event `consentchange` on document, which can be left again, says the same. */
  on(event: 'change', callback: (choice: Choice) => void): void
  /** Opens the preferences. */
  open(): Promise<unknown>
  /**
   * Records an answer that the page asked for itself. What it leaves out is
   * denied. A grant needs a visitor's click; resolves to whether it was recorded.
   */
  decide(answer: { categories?: Statuses; services?: Statuses }): Promise<boolean>
  /** Takes every permission back. */
  withdraw(): Promise<boolean>
  /** Opens marked tags under a node that the document does not contain, a shadow root. */
  scan(root: Node): void
  push(...calls: ((api: Consentry) => void)[]): void
}

type Queue = ((api: Consentry) => void)[]

declare global {
  interface Window {
    consentry?: Consentry | Queue
  }
}

/** Puts the API in place and makes the calls that were queued. */
export const publish = (api: Omit<Consentry, 'on' | 'push'>): void => {
  const queued = window.consentry
  const full: Consentry = {
    ...api,
    on: (event, callback) => document.addEventListener('consent' + event, e => callback((e as CustomEvent<Choice>).detail)),
    // Each call is its own task: an error in one reaches the page, not the others.
    push: (...calls) => calls.forEach(call => setTimeout(() => call(full))),
  }
  window.consentry = full
  if (Array.isArray(queued)) full.push(...queued)
}
