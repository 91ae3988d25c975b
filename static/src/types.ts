// The words that the browser code shares. Types only: nothing here is shipped.

export type Status = 'granted' | 'denied'
export type Statuses = Record<string, Status>

/** One question. `digest` names what is asked; a changed one asks again. */
export interface Category {
  id: string
  digest: string
  /** Google Consent Mode keys that follow this category. */
  signals: string[]
  services: string[]
}

/** A site's policy as the server bakes it into the scripts. */
export interface Policy {
  site: string
  /** Where Consentry answers: a path, or an absolute URL on another host. No trailing slash. */
  base: string
  mode: 'path' | 'subdomain' | 'remote'
  /** Name of the hint cookie. */
  cookie: string
  /** The cookie's Domain attribute, '' for this host alone. */
  domain: string
  rendering: string
  locales: string[]
  regime: 'opt-in' | 'opt-out' | 'notice-only'
  layout: string
  /** How long a choice holds, in seconds. */
  memory: number
  settings: { kind: 'button' | 'link' | 'none'; label: Record<string, string> }
  /** The optional ones, as shown. */
  categories: Category[]
}

/** A hint cookie's value that is well formed and has not run out, with a closing dot; else empty. */
export type Hint = string

/** What a visitor answered, and where. */
export interface Answer {
  surface: 'banner' | 'preferences' | 'placeholder' | 'api'
  control: string
  layer: 1 | 2
  categories: Statuses
  services?: Statuses
  /** Whole milliseconds from shown to clicked. */
  after_ms?: number
  /** The click came from a script. */
  untrusted?: boolean
}

/** The body of POST decisions. */
export interface Decision extends Answer {
  id: string
  rendering: string
  locale: string
  layout: string
  scope: 'keep' | 'once'
  gpc?: boolean
  webdriver?: boolean
  sealed?: string
}

/** What pages are told about the choice that holds now. */
export interface Choice {
  /** Every category was answered as it is asked today. */
  decided: boolean
  categories: Statuses
  services: Statuses
}

/**
 * What the gate lends to the scripts that it loads itself. It hangs on their
 * script element while they start and is reachable from nowhere else.
 */
export interface Gate {
  /** A later banner script puts its newer one here, and refreshes. */
  policy: Policy
  readonly locale: string
  permits(condition: string): boolean
  /** Something is to be asked. */
  asks(): boolean
  /** Reads the hint cookie again and follows it: signals, tells, opens. */
  refresh(): void
  /** Reloads the page if code has run here that is no longer permitted. */
  reload(): void
  /** Attaches a shadow root, first in the body, with this style and HTML. */
  mount(css: string, html: string): Promise<ShadowRoot>
  load(bundle: 'banner' | 'preferences', rendering?: string): Promise<unknown>
  /** Opens layer two; focus goes back to the opener. */
  open(opener?: HTMLElement | null): Promise<unknown>
  /** The gate's own way back to the settings. */
  control?: HTMLElement

  // Brought by the bundles:

  /** Sends what waits for its record, then shows layer one if something is to be asked. */
  begin?(): Promise<void>
  /** Shows layer one. */
  show?(): Promise<void>
  /** Hides layer one once nothing is to be asked, or always. */
  hide?(always?: boolean): void
  /** Opens layer two, which is there. */
  prefer?(opener?: HTMLElement | null): void
  /** Records an answer of the page itself. */
  decide?(control: 'api' | 'withdraw', answer: Partial<Answer>): Promise<boolean>
}
