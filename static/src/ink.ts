// The colours of the page, for what is painted instead of styled.

export interface Ink {
  of: (name: string) => string // a custom property of the page
  text: string
}

/** readInk takes the colours as they are for an element now: light, dark or forced. */
export function readInk(element: Element): Ink {
  const style = getComputedStyle(element)
  return { of: (name) => style.getPropertyValue(`--${name}`).trim() || style.color, text: style.color }
}

/** hatched is a pattern of slanted lines, each one part in three of what it covers. */
export function hatched(context: CanvasRenderingContext2D, colour: string, size: number): CanvasPattern | string {
  const tile = document.createElement('canvas')
  tile.width = tile.height = size
  const pen = tile.getContext('2d')
  if (!pen) return colour
  pen.strokeStyle = colour
  pen.lineWidth = size / 3
  pen.beginPath()
  for (const shift of [-size, 0, size]) {
    pen.moveTo(shift - size, size * 2)
    pen.lineTo(shift + size * 2, -size)
  }
  pen.stroke()
  return context.createPattern(tile, 'repeat') ?? colour
}
