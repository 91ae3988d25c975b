// The way back: a small control on every page that reopens the choice, for as
// long as layer one is not on the screen.
import { honoured, some } from './cookie'
import { mount } from './mount'
import type { Gate } from './types'

// System colours follow the page's own colour scheme, and forced colours.
const STYLE =
  ':host{all:unset!important;position:fixed!important;bottom:12px!important;inset-inline-start:12px!important;z-index:9999999!important}' +
  '*{font:inherit;font-size:max(13px,.8125rem);line-height:1.5;padding:5px 12px;border-radius:10px;background:Canvas;color:CanvasText}' +
  'button{border:1px solid GrayText}@media print{*{display:none}}'

/** Shows or hides our own control; the gate listens for clicks on it as on every opener of the page. */
export async function control(gate: Gate): Promise<void> {
  const { out } = gate.policy
  const { kind, label, choices, honoured: words } = gate.policy.settings!
  if (kind == 'none') return
  if (!gate.control) {
    const own = document.createElement(kind == 'link' ? 'a' : kind) as HTMLAnchorElement
    gate.control = own
    own.lang = gate.locale
    own.dir = 'auto'
    own.href = own.dataset.consentrySettings = '#'
    const root = await mount(gate, STYLE, '')
    root.append(own)
  }
  const signal = !some(gate) && honoured(gate.policy)
  gate.control.textContent = out && choices ? choices + (signal ? ' · ' + words![signal] : '') : label
  gate.control.hidden = gate.asks()
}
