// The public API of the Consentry gate, window.consentry. Calls can be queued
// before the gate has loaded:
//
//   (window.consentry ||= []).push(consentry => consentry.open())
//
// In a module of yours: import type { Consentry } from './consentry'
// or, for the global alone: /// <reference path="./consentry.d.ts" />

export type ConsentryStatus = 'granted' | 'denied'

/** What holds now. Whatever is unknown or unanswered is denied. */
export interface ConsentryChoice {
  /** Every category was answered as it is asked today. */
  decided: boolean
  /** By id of the site file. */
  categories: Record<string, ConsentryStatus>
  services: Record<string, ConsentryStatus>
}

/** What a page asked its visitor itself. What it leaves out is denied. */
export interface ConsentryAnswer {
  categories?: Record<string, ConsentryStatus>
  services?: Record<string, ConsentryStatus>
}

export interface Consentry {
  /** What holds now. */
  decision(): ConsentryChoice
  /**
   * Whether a condition holds: a category, a service or CATEGORY:SERVICE, joined
   * by & and |, negated by ! (which holds once it is denied).
   */
  permits(condition: string): boolean
  /** Calls back after every change, for good. The event consentchange on document says the same and can be left again. */
  on(event: 'change', callback: (choice: ConsentryChoice) => void): void
  /** Opens the preferences. */
  open(): Promise<unknown>
  /** Records an answer. A grant needs a visitor's click in this moment. Resolves to whether it was recorded; permits tells what holds then: what sells or shares may give way to a signal of the browser. */
  decide(answer: ConsentryAnswer): Promise<boolean>
  /** Takes every permission back. Resolves to whether it was recorded; it holds at once. */
  withdraw(): Promise<boolean>
  /** Opens marked tags under a node that the document does not contain, such as a shadow root. */
  scan(root: Node): void
  /** Makes calls, each in a task of its own: an error in one reaches the page, not the others and not the gate. */
  push(...calls: ((consentry: Consentry) => void)[]): void
}

declare global {
  interface Window {
    /** The API; before the gate has loaded, the calls that wait for it. */
    consentry?: Consentry | ((consentry: Consentry) => void)[]
  }
  interface DocumentEventMap {
    /** A choice has changed: here, in another tab, or because it ran out. */
    consentchange: CustomEvent<ConsentryChoice>
  }
}
