// Filters change the page's main part alone: htmx follows the links and forms that the
// page marks for it. Without this they are links and forms.
import htmx from 'htmx.org'

/** What htmx tells about a request, as far as it is asked here. */
interface Told { pathInfo?: { finalRequestPath?: string } }

/** startSwaps calls changed whenever there is another main part. */
export function startSwaps(changed: () => void): void {
  Object.assign(htmx.config, {
    historyCacheSize: 0, // figures are not kept in the browser, where they would outlive the session
    allowEval: false, allowScriptTags: false, includeIndicatorStyles: false, selfRequestsOnly: true,
    scrollIntoViewOnBoost: false, // who changes a filter wants to see what it does
    timeout: 60_000, reportValidityOfForms: true,
  })
  const said = document.querySelector('#said')
  const say = (text: string, trouble = false) => {
    if (said) said.textContent = text
    said?.classList.toggle('trouble', trouble) // is shown, too
  }
  const again = () => {
    changed()
    say(`${document.title}: ${document.querySelector('main .period')?.textContent?.trim().replace(/\s+/g, ' ') ?? ''}`)
  }
  const on = (name: string, act: (told: Told, at: EventTarget | null) => void) =>
    document.addEventListener(`htmx:${name}`, (event) => act((event as CustomEvent<Told>).detail, event.target))
  let chosen = false // by a filter that a narrow screen closes again, and the focus would be lost with it
  on('beforeRequest', () => {
    chosen = document.activeElement?.closest('.filters') != null
    say('Loading')
  })
  on('afterSettle', (_, at) => {
    if (!(at instanceof Element && at.matches('main'))) return // a restored one tells of each child
    again()
    if (chosen && document.activeElement === document.body) document.querySelector<HTMLElement>('.filters > summary')?.focus()
  })
  on('historyRestore', again)
  // What is no page is shown whole, and so is the door.
  on('responseError', ({ pathInfo }) => location.assign(pathInfo?.finalRequestPath ?? location.href))
  on('historyCacheMissLoadError', () => location.reload())
  for (const name of ['sendError', 'timeout']) on(name, () => say('The server does not answer. What is shown is as it was; try again.', true))
}
