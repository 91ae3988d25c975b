// Keeps the figures of the hour at hand current, until it is told to pause.

interface Live { [part: string]: string | Record<string, number> }

/** startLive follows the page's live view, if it has one. The result lets go of it. */
export function startLive(): () => void {
  const panel = document.querySelector<HTMLElement>('[data-live]')
  const state = panel?.querySelector('[data-state]')
  const button = panel?.querySelector('button')
  if (!panel || !state || !button) return () => {}
  let source: EventSource | undefined

  const say = (text: string, label: string) => {
    state.textContent = text
    button.textContent = label
    button.hidden = !label
  }
  const stop = (text: string, label: string) => {
    source?.close()
    source = undefined
    say(text, label)
  }
  const start = () => {
    const one = source = new EventSource(panel.dataset.live ?? '')
    one.onopen = () => say('Updates by itself.', 'Pause')
    one.onmessage = (event) => write(panel, JSON.parse(event.data) as Live)
    one.addEventListener('end', () => stop('Signed out: load the page anew to go on.', ''))
    one.onerror = () => {
      if (one.readyState === EventSource.CLOSED) stop('Does not update by itself now.', 'Try again')
      else say('The connection was lost; trying again.', 'Pause')
    }
  }
  // A page that is left or goes into the back/forward cache lets go of its connection.
  const leave = () => { if (source) stop('Paused.', 'Go on') }
  button.addEventListener('click', () => (source ? stop('Paused.', 'Go on') : start()))
  addEventListener('pagehide', leave)
  start()
  return () => {
    removeEventListener('pagehide', leave)
    source?.close()
  }
}

function write(panel: Element, live: Live): void {
  const number = new Intl.NumberFormat('en')
  for (const place of panel.querySelectorAll<HTMLElement>('[data-figure]')) {
    const [part = '', name] = (place.dataset.figure ?? '').split('.')
    const found = live[part]
    const value = typeof found === 'object' ? found[name ?? ''] : found
    const text = typeof value === 'number' ? number.format(value) : value ?? ''
    if (place.textContent !== text) place.textContent = text
  }
}
