// The figures of a table on the page. A chart draws what its table says and knows
// nothing else, so that the two cannot differ.

/** What stands in one place of a table, and what it comes to. */
export interface Figure {
  text: string
  value: number | null // null where nothing was counted or may be shown
}

/** A row: what was counted in one step of time. */
export interface Step {
  name: string
  label: string // on a time axis
  changed: boolean // a changed notice was shown for the first time
  figures: Map<string, Figure>
}

/** All rows, the oldest first, and beside each the one it is compared with. */
export interface Sheet {
  steps: Step[]
  before: (Step | undefined)[]
}

export function readSheet(table: HTMLTableElement): Sheet {
  const columns = [...(table.tHead?.rows[0]?.cells ?? [])].map((head) => head.dataset.column)
  const sheet: Sheet = { steps: [], before: [] }
  for (const row of table.tBodies[0]?.rows ?? []) {
    const step = readRow(row, columns)
    if (row.matches('.before')) {
      sheet.before[sheet.steps.length - 1] = step
    } else {
      sheet.before.length = sheet.steps.push(step)
    }
  }
  sheet.steps.reverse()
  sheet.before.reverse()
  return sheet
}

/** What a step says in a column. A step that is withheld has one place for all. */
export function figure(step: Step | undefined, column: string): Figure | undefined {
  return step?.figures.get(column) ?? step?.figures.get('withheld')
}

function readRow(row: HTMLTableRowElement, columns: (string | undefined)[]): Step {
  const [head, ...cells] = row.cells
  const figures = new Map<string, Figure>()
  const name = head?.querySelector('b')?.textContent ?? ''
  if (row.matches('.withheld')) {
    figures.set('withheld', { text: text(cells[0]), value: null })
  } else {
    cells.forEach((cell, i) => figures.set(columns[i + 1] ?? '', { text: text(cell), value: amount(text(cell)) }))
  }
  return { name, label: head?.dataset.label ?? name, changed: row.matches('.changed'), figures }
}

function text(cell: Element | undefined): string {
  return (cell?.textContent ?? '').trim().replace(/\s+/g, ' ')
}

/** "1,234" is 1234 and "58.8% of 85" is 58.8; a dash is nothing. */
function amount(text: string): number | null {
  const value = parseFloat(text.replace(/,/g, ''))
  return Number.isNaN(value) ? null : value
}
