// Which of the site's languages a visitor reads, pure.

/**
 * Returns what the table has for the first wanted language: looked up whole, then
 * without its last part, and so on. The table comes from internal/lang, which
 * knows that zh-TW reads zh-Hant.
 */
export const pickLocale = (table: Record<string, string>, wanted: readonly string[]): string => {
  for (const tag of wanted)
    for (let w = tag.toLowerCase(); w; w = w.replace(/[-_]?[^-_]*$/, '')) if (typeof table[w] == 'string') return table[w]
  return table['']!
}
