// Stands where an embed waits: says whose it is and what loading it sends, and has
// it opened, once or always. Needs nothing of the banner, which may have been
// blocked, and asks nothing of the vendor.
import { boxOf } from './box'
import type { Gate, Place } from './types'

/** Returns what puts placeholders where embeds wait, and takes them away. places are those of the policy's services, in order. */
export function placeholders(gate: Gate, places: Place[], css: string, html: string): () => void {
  /** By embed: what stands before it, and what measures that again or takes it away. */
  const placed = new Map<HTMLElement, [host: HTMLElement, settle: (stay?: boolean) => void]>()
  const services = gate.policy.categories.flatMap(c => c.services)

  function place(): void {
    // Frameworks that take up a page they find have done so by then.
    if (document.readyState != 'complete') return
    const waiting = gate.held()
    for (const [el, [host, settle]] of placed) if (!waiting.includes(el) || host.nextSibling != el) settle()
    for (const el of waiting) if (!placed.has(el)) put(el)
    for (const root of gate.roots) changes.observe(root, { childList: true, subtree: true, attributeFilter: ['data-consent'] })
  }

  // Frameworks move, replace and throw out what they rendered, and what they did
  // not; what is given its address where it stands is held there.
  const changes = new MutationObserver(records => {
    if (records.some(r => r.attributeName) || [...placed].some(([el, [host]]) => host.nextSibling != el)) requestAnimationFrame(place)
  })
  addEventListener('resize', () => placed.forEach(([, settle]) => settle(true)))

  function put(el: HTMLElement): void {
    const { consent, src } = el.dataset
    // One that the policy does not tell by its name is told by its host.
    const [name = src?.match(/\/\/([\w.:-]+)/)?.[1], share] = places[services.indexOf(consent!.match(/[\w-]*$/)![0])] || []
    if (!name || consent == '-') return
    const { style } = el
    // What is important is ours, on an embed that was copied while it waited.
    const display = style.getPropertyPriority('display') ? '' : style.display
    const host = document.createElement('div')
    const root = host.attachShadow({ mode: 'open' })
    const sheet = new CSSStyleSheet()
    root.adoptedStyleSheets = [sheet]
    root.innerHTML = gate.trusted.createHTML(html.replaceAll('{service}', name))
    const [title, , failed, , link] = root.firstElementChild!.children as unknown as HTMLAnchorElement[]

    /** Measures as if it were not there; who was in it goes on in it or in what takes its place. */
    const settle = (stay?: boolean) => {
      const focused = root.activeElement as HTMLElement | null
      host.replaceWith() // as in clear
      style.display = display
      if (stay) {
        sheet.replaceSync(css + `:host{${boxOf(el)}}`.replace(/;/g, '!important;'))
        el.before(host)
      } else placed.delete(el)
      if (focused) (stay ? focused : el).focus()
    }

    root.addEventListener('click', async ({ target, isTrusted }) => {
      const control = (target as HTMLElement).dataset.do
      if (!control || !isTrusted) return
      failed!.hidden = await gate.load('opener').then(() => gate.grant!(el, control)).catch(() => false)
      place()
    })
    if (el.title) title!.textContent = el.title
    if (share) {
      link!.hidden = false
      link!.href = share.replace('{url}', encodeURIComponent(location.href)).replace('{title}', encodeURIComponent(document.title))
    }
    placed.set(el, [host, settle])
    settle(true)
  }

  return place
}
