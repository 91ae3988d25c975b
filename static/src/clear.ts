// Keeps what has the focus from being covered whole by the banner, wherever it
// stands: WCAG 2.2, 2.4.11. The page's own scrolling leaves no room at its end.

const GAP = 8 // pixels between what has the focus and the banner

/** Watches the focus while box is shown; returns what gives the page its own end back. */
export function keepClear(box: HTMLElement): () => void {
  const room = document.createElement('div')
  const { host } = box.getRootNode() as ShadowRoot

  function look(el: Element): void {
    const at = el.getBoundingClientRect()
    const own = box.getBoundingClientRect()
    const over = at.bottom + GAP - own.top
    const apart = at.top >= own.bottom || at.right <= own.left || at.left >= own.right
    // What does not fit above the banner shows beside or below it.
    if (box.hidden || apart || over <= 0 || at.height + GAP > own.top) return
    const { scrollHeight } = document.documentElement
    const lacks = over + scrollY + innerHeight - scrollHeight
    if (lacks > 0) {
      Object.assign(room.style, { position: 'absolute', top: scrollHeight + 'px', left: 0, width: '1px', height: lacks + 'px' })
      document.documentElement.append(room)
    }
    scrollBy({ top: over, behavior: 'instant' })
  }

  // In the frame after it the browser has scrolled as it does by itself.
  addEventListener('focusin', ({ target }) => target != host && requestAnimationFrame(() => look(target as Element)))
  return () => room.replaceWith() // some libraries have a remove() of their own, which fails on what is nowhere
}
