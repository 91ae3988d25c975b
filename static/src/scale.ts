// Round numbers for axes.

/** The smallest of 1, 2 and 5 times a power of ten that reaches most in so many lines. */
export function roundStep(most: number, lines: number): number {
  for (let power = 1; ; power *= 10) {
    for (const times of [1, 2, 5]) {
      if (times * power * lines >= most) return times * power
    }
  }
}

/** Where the lines of a value axis stand, from 0 to what reaches most. */
export function ticks(most: number, lines: number): number[] {
  const step = roundStep(Math.max(most, 1), lines)
  const count = Math.ceil(Math.max(most, 1) / step)
  return Array.from({ length: count + 1 }, (_, i) => i * step)
}

/** Which of so many steps are named where there is room for some: whole weeks if it can be. */
export function named(steps: number, room: number): number[] {
  const every = [1, 2, 3, 7, 14, 28].find((n) => Math.ceil(steps / n) <= room) ?? Math.ceil(steps / Math.max(1, room))
  return Array.from({ length: Math.ceil(steps / every) }, (_, i) => i * every)
}
