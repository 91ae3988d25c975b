// The words that the browser code shares. Types only: nothing here is shipped.

export type Status = 'granted' | 'denied'
export type Statuses = Record<string, Status>

/** One question. `digest` names what is asked; a changed one asks again. */
export interface Category {
  id: string
  digest: string
  services: string[]
  /** What holds without an answer: granted, denied, or asked about unless it was refused (k). */
  presumed?: 'g' | 'd' | 'k'
}

/** A vendor's own consent interface; internal/consent/policy.go says how it is read. */
export interface Calls {
  global: string
  form: 'push' | 'queue' | 'arguments' | 'call' | 'method'
  stub?: boolean
  default?: unknown[][]
  granted?: unknown[][]
  denied?: unknown[][]
}

/** What is known of a service beside its id. */
export interface Vendor {
  /** As in Rule, where the gate has none. */
  hosts?: string
  /** Space-separated names of what it leaves; a trailing * is any ending, local:, session: and indexeddb: tell storage from cookies. */
  stored?: string
  calls?: Calls
}

/**
 * Space-separated patterns of addresses (host or *.host, a port, the beginning of
 * a path), a regular expression that finds inline scripts, and what scripts
 * could write, as Vendor has it.
 */
export type Rule = [hosts: string, inline?: string, stored?: string]

/** What placeholders say of a service: its name as HTML, and its plain link with {url} and {title}. */
export type Place = [name: string, share?: string]

/** A signal of the browser, by the property of navigator that tells pages of it. */
export type Signal = 'globalPrivacyControl' | 'doNotTrack'

/** A site's policy as the server bakes it into the scripts. */
export interface Policy {
  site: string
  /** Where Consentry answers: a path, or an absolute URL on another host. No trailing slash. */
  base: string
  /** Name of the hint cookie. */
  cookie: string
  rendering: string
  /** The optional ones, as shown. */
  categories: Category[]
  /** Which language is read, by the small-lettered tag that is wanted; the default under ''. In the gate only, as what follows. */
  locales?: Record<string, string>
  /** The condition of addresses that no rule knows, one that nothing ever grants: in mode strict. */
  others?: string
  /** Whether what pages load is reported. */
  report?: boolean
  /** What automatic blocking goes by, by service; under a|b what several share. */
  rules?: Record<string, Rule>
  consent?: Consent
  /** Which signals are honoured: of the visitor's browser, whatever the server has seen. First comes the one that the server has seen. */
  heeds: Signal[]
  /** Under which id the hint says that its answer was given, or taken back, with a signal in view. */
  mark: string
  /** Which categories give way to a signal whatever is answered. Brought by layer two. */
  yields?: string[]
  /** Where visitors are treated by where they are, as what follows: the server has seen a signal that is honoured. */
  signal?: boolean
  /** What runs here may run until somebody objects: the way back is named for that. */
  out?: boolean
  /** Names what the gate was made for. */
  ruling?: string | undefined
  /** By service, as rules. Brought by the opener, as the gate's own way back to the settings. */
  vendors?: Record<string, Vendor>
  settings?: { kind: 'button' | 'link' | 'none'; label: string; choices?: string; honoured?: Record<Signal, string> }
}

/** What Google's tags are told. */
export interface Consent {
  /** The category that each Consent Mode key follows; '' for none, which denies it. */
  keys: Record<string, string>
  /** What else the default says. */
  rest: Record<string, Status | number>
  redact: boolean
  /** Whole commands that change the default in some regions. */
  regions?: Record<string, Status | string[]>[]
}

/** The policy of the bundles that ask. */
export interface Notice extends Policy {
  mode: 'path' | 'subdomain' | 'remote'
  /** The cookie's Domain attribute, '' for this host alone. */
  domain: string
  layout: string
  /** How long a choice holds, in seconds. */
  memory: number
}

/** A hint cookie's value that is well formed and has not run out, with a closing dot; else empty. */
export type Hint = string

/** What a visitor answered, and where. */
export interface Answer {
  surface: 'banner' | 'preferences' | 'placeholder' | 'api' | 'signal'
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
  /** Do Not Track, where it is honoured. */
  dnt?: boolean | undefined
  webdriver?: boolean
  sealed?: string
  ruling?: string | undefined
}

/** What pages are told about the choice that holds now. */
export interface Choice {
  /** Every category was answered as it is asked today. */
  decided: boolean
  categories: Statuses
  services: Statuses
}

/** Makes addresses and HTML acceptable to Trusted Types. */
export interface Trusted {
  createHTML(s: string): string
  createScriptURL(s: string): string
}

/**
 * What the gate lends to the scripts that it loads itself. It hangs on their
 * script element while they start and is reachable from nowhere else.
 */
export interface Gate {
  /** A later banner script puts its newer one here, and refreshes. */
  policy: Policy
  readonly locale: string
  /** The gate's own, by which scripts are known to be the page's. */
  readonly nonce: string
  permits(condition: string): boolean
  /** Something is to be asked. */
  asks(): boolean
  /** Reads the hint cookie again and follows it: signals, tells, opens. */
  refresh(): void
  readonly trusted: Trusted
  load(bundle: Bundle, rendering?: string): Promise<unknown>
  /** Opens layer two; focus goes back to the opener. */
  open(opener?: HTMLElement | null): Promise<unknown>
  /** The gate's own way back to the settings. */
  control?: HTMLElement

  /** Where tags are looked for: the document and shadow roots. */
  readonly roots: Set<ParentNode & Node>
  /** What page code is permitted for the rest of this page, though nothing was kept. */
  readonly lent: Set<string>
  /** Scripts that permitted code made itself: they need no nonce. */
  readonly made: WeakSet<Element>
  /** Conditions under which something ran in this page. */
  readonly ran: Set<string>
  /** Opens what is permitted now, under a new root from now on too. */
  scan(root?: Node): void
  /** Embeds that wait, in document order. */
  held(): HTMLElement[]

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
  /** Opens what is permitted; resolves when nothing is left to open. */
  release?(): Promise<void>
  /** Reloads the page if code has run here that is no longer permitted. */
  reload?(): void
  /** Records what a placeholder's button means for an embed, and opens it; false when that could not be saved. */
  grant?(el: HTMLElement, control: string): Promise<boolean>
  /** Opens this one tag of a service, its decision being recorded. */
  lend?(el: HTMLElement, service: string): void
  /** Tells vendors of a change, and deletes what is denied. */
  follow?(): void
  /** Puts placeholders where embeds wait, and takes them away. */
  place?(): void
}

/** A gate that knows the notice's own settings. */
export type Asking = Gate & { policy: Notice }

export type Bundle = 'banner' | 'preferences' | 'placeholders' | 'opener'
