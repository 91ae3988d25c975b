// Which of the site's languages a visitor reads, pure.

/**
 * Returns the first wanted language that is offered: exactly, then by its
 * longest prefix ("de-AT" finds "de", "pt" finds "pt-BR"). The first one
 * offered when none fits.
 */
export function pickLocale(offered: string[], wanted: readonly string[]): string {
  for (const tag of wanted)
    for (let w = tag.toLowerCase(); w; w = w.replace(/-?[^-]*$/, '')) {
      const found = offered.find(l => l.toLowerCase() == w) || offered.find(l => l.toLowerCase().startsWith(w + '-'))
      if (found) return found
    }
  return offered[0] as string
}
