// Says in words what the cursor of a chart points at, in the words of its table.
import { figure, type Sheet, type Step } from './sheet'

/** At null the readout is as the page came. */
export type Readout = (index: number | null) => string

/** The readout of a chart's place: a line that names the step, and the key with its figures. */
export function readoutOf(place: Element, sheet: Sheet): Readout {
  const line = place.querySelector<HTMLElement>('[data-at]')
  const resting = line?.textContent ?? ''
  const items = [...place.querySelectorAll<HTMLElement>('[data-key]')].map((item) => ({
    key: item.dataset.key ?? '', name: item.querySelector('span')?.textContent ?? '', now: item.querySelector('b'), was: item.querySelector('i:last-child'),
  }))
  return (index) => {
    const step = index === null ? undefined : sheet.steps[index]
    const before = index === null ? undefined : sheet.before[index]
    const at = step ? sentence(step, before) : resting
    if (line) line.textContent = at
    const words = items.map(({ key, name, now, was }) => {
      const here = figure(step, key)?.text ?? ''
      const there = figure(before, key)?.text ?? ''
      if (now) now.textContent = here
      if (was) was.textContent = there && `(${there})`
      return here && `${name} ${here}${there && `, before ${there}`}`
    })
    return [at, ...words.filter(Boolean)].join('; ')
  }
}

function sentence(step: Step, before: Step | undefined): string {
  return `${step.name}${before ? ` (beside it: ${before.name})` : ''}${step.changed ? ' ▲ a changed notice' : ''}`
}
