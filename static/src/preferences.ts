// Layer two: a modal dialog with a switch for every category and service.
// Nothing changes before a button is pressed; Escape and close change nothing.
import { mount } from './mount'
import { all, failed, say, slot, tellChanged, tellSignal, type Recorder } from './banner'
import { hasPending, honoured, readHint, some } from './cookie'
import { authority, idle } from './record'
import type { Asking, Decision, Statuses } from './types'

/** What receipts/mine answers, all absent when nothing is held. */
interface Held {
  record?: string
  date?: string
  receipt?: string
  /** By category: what of it is other than it was answered, a line each. */
  changes?: Record<string, string[]>
}

/** Milliseconds that the preferences wait for what has changed, before they open without it. */
const PATIENCE = 1500

/**
 * Fills a moment in the visitor's time zone into a pattern of internal/lang.
 * Browsers' own formats lack some of our languages (Irish, Maltese and Icelandic
 * in Chromium) and would fall back to the browser's.
 */
function writeMoment(pattern: string, months: string[], t: Date): string {
  const two = (n: number) => String(n).padStart(2, '0')
  const parts: Record<string, unknown> = { d: t.getDate(), dd: two(t.getDate()), month: months[t.getMonth()], y: t.getFullYear(), h: t.getHours(), hh: two(t.getHours()), min: two(t.getMinutes()) }
  return pattern.replace(/{(\w+)}/g, (_, name) => String(parts[name]))
}

const status = (input: HTMLInputElement) => (input.checked ? 'granted' : 'denied')

/** Returns what opens layer two. */
export function preferences(gate: Asking, { decide, send }: Recorder, css: string, html: string) {
  let root: ShadowRoot
  let mounted: Promise<ShadowRoot> | undefined
  let dialog: HTMLDialogElement | undefined
  let busy = false
  let opener: HTMLElement | null | undefined
  let last: Decision

  async function open(from?: HTMLElement | null): Promise<void> {
    root = await (mounted ||= mount(gate, css, html)) // once, though somebody is impatient
    if (!dialog) {
      dialog = root.querySelector('dialog')!
      dialog.addEventListener('click', follow)
      dialog.addEventListener('change', spread)
      dialog.addEventListener('close', leave)
    }
    if (dialog.matches(':modal')) return
    // The page may have thrown it out, open or not.
    dialog.open = false
    if (!dialog.isConnected) document.body.prepend(root.host)
    opener = from
    const held = fill()
    // What stands above switches is there before anybody aims at one.
    if (!slot(dialog, 'changed').hidden) {
      const waiting = hasPending(gate.policy)
      await Promise.race([held, new Promise(resolve => setTimeout(resolve, PATIENCE))])
      // Whoever has answered on layer one meanwhile would see switches from before that.
      if (!gate.asks() || hasPending(gate.policy) != waiting) return
    }
    if (!dialog.open) reveal()
  }

  const switches = (kind: 'category' | 'service', within: ParentNode = dialog!) =>
    [...within.querySelectorAll<HTMLInputElement>(`input[data-${kind}]`)]

  const groupOf = (input: Element) => input.closest('[data-group]')!

  /** Puts the switches as they were chosen; as the notice has them before a choice. Resolves once the server has told the rest. */
  function fill(): Promise<void> {
    const known = readHint(gate.policy)
    const signal = honoured(gate.policy)
    for (const { id } of gate.policy.categories) {
      const yields = !!signal && gate.policy.yields!.includes(id)
      const why = dialog!.querySelector<HTMLElement>(`[data-group="${id}"] [data-slot=yields]`)
      if (why) tellSignal(why, yields && signal)
      for (const input of dialog!.querySelectorAll<HTMLInputElement>(`[data-group="${id}"] input`)) {
        const service = input.dataset.service
        input.checked = known ? gate.permits(service ? id + ':' + service : id) : !yields && input.defaultChecked
        // What an embed's own button has permitted can be switched off.
        input.disabled = yields && !input.checked
      }
    }
    const permitted = some(gate)
    button('withdraw').hidden = !permitted
    button('reject-all').hidden = permitted
    const { out } = gate.policy
    slot(dialog!, 'intro').hidden = !(slot(dialog!, 'presumed').hidden = !out)
    tellSignal(slot(dialog!, 'gpc'), signal)
    slot(dialog!, 'failed').hidden = true
    tellChanged(gate, dialog!)
    return showReceipt(!!known)
  }

  const button = (control: string) => dialog!.querySelector<HTMLElement>(`[data-do=${control}]`)!

  function reveal(): void {
    dialog!.showModal()
    dialog!.querySelector<HTMLElement>('h2')!.focus()
  }

  /** Back to where the visitor was, and to the question if it is still open. */
  function leave(): void {
    opener?.focus()
    if (!busy && gate.asks()) gate.show?.()
  }

  /** A category's switch sets those of its services; each of them can then differ. */
  function spread({ target }: Event): void {
    const input = target as HTMLInputElement
    if (input.dataset.category) for (const s of switches('service', groupOf(input))) s.checked = input.checked
  }

  function follow(event: MouseEvent): void {
    const control = (event.target as Element).closest<HTMLElement>('[data-do]')?.dataset.do
    if (control == 'close') dialog!.close()
    else if (control == 'retry') event.isTrusted && record(last)
    else if (control) answer(control, event.isTrusted)
  }

  function answer(control: string, trusted: boolean): void {
    const categories: Statuses = all(gate, control == 'accept-all' ? 'granted' : 'denied')
    const services: Statuses = {}
    if (control == 'save') {
      for (const input of switches('category')) categories[input.dataset.category!] = status(input)
      for (const input of switches('service')) {
        const home = groupOf(input).querySelector<HTMLInputElement>('[data-category]')!
        if (home.checked != input.checked) services[input.dataset.service!] = status(input)
      }
    }
    if (!trusted && control != 'reject-all' && control != 'withdraw') return
    record(decide(gate, { surface: 'preferences', control, layer: 2, categories, services, untrusted: !trusted }))
  }

  async function record(decision: Decision): Promise<void> {
    last = decision
    busy = true
    dialog!.close()
    gate.hide?.(true)
    const said = await send(gate, decision)
    const unsaved = failed(said, decision)
    busy = false
    if (unsaved) reveal()
    slot(dialog!, 'failed').hidden = !unsaved
    if (unsaved) return dialog!.querySelector('.text')!.scrollTo(0, 0)
    if (document.activeElement == document.body) gate.control?.focus()
    if (said != 409) say(root)
  }

  /** Lists what has changed of each category, where something has. */
  function tellSince(changes: NonNullable<Held['changes']> = {}): void {
    for (const { id } of gate.policy.categories) {
      const part = dialog!.querySelector<HTMLElement>(`[data-group="${id}"] [data-slot=since]`)!
      const lines = changes[id] || []
      part.hidden = !lines[0]
      part.querySelector('ul')!.replaceChildren(...lines.map(text => Object.assign(document.createElement('li'), { textContent: text })))
    }
  }

  /** Tells the holder of a record when it was made, its number, what has changed since, and where to see it. */
  async function showReceipt(known: boolean): Promise<void> {
    const line = slot(dialog!, 'receipt')
    line.hidden = !known
    tellSince()
    if (line.hidden) return
    line.style.visibility = 'hidden' // in its place, so that no button moves under a finger
    try {
      await idle(gate)
      const response = await fetch(`${gate.policy.base}/receipts/mine?locale=${gate.locale}`, authority(gate))
      const { record, date, receipt, changes } = (await response.json()) as Held
      slot(line, 'date').textContent = writeMoment(line.dataset.decided!, line.dataset.months!.split('|'), new Date(date!))
      slot(line, 'record').textContent = record!
      line.querySelector('a')!.href = `${receipt}?locale=${gate.locale}`
      line.hidden = !receipt
      line.style.visibility = ''
      if (!slot(dialog!, 'changed').hidden) tellSince(changes)
    } catch {
      line.hidden = true
    }
  }

  return open
}
