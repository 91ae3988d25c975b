// The box that an embed takes on a page, as declarations for what stands in its
// place: whatever sizes the embed, style sheets or attributes, sizes that too.

/** The box of el, or of the frame that a template holds. An embed is hidden from then on. */
export function boxOf(el: HTMLElement): string {
  const frame = (el as HTMLTemplateElement).content?.querySelector('iframe')
  if (!frame) return copy(el)
  const twin = frame.cloneNode() as HTMLElement
  for (const name of ['src', 'srcdoc', 'onload']) twin.removeAttribute(name)
  el.before(twin)
  const box = copy(twin)
  twin.remove()
  return box
}

/** Only of a hidden element relative sizes are told as they were written, and only of a shown one what it takes by itself. */
function copy(el: HTMLElement): string {
  const style = getComputedStyle(el)
  const { display, transform, width, height } = style
  const bare = 'text' in el || 'content' in el // a script or a template has no box
  el.style.setProperty('display', 'none', 'important')
  return (
    [...style].map(name => (name[0] == '-' ? '' : `${name}:${style.getPropertyValue(name)};`)).join('') +
    `display:${bare ? 'block' : display.replace(/^inline$/, 'inline-block')};transform:${transform};border-color:#0000;visibility:inherit;contain:layout;` +
    `width:${style.width == 'auto' ? width : style.width};height:${style.height + style.aspectRatio == 'autoauto' ? height : style.height};` +
    `container-type:${bare && height == 'auto' ? 'inline-' : ''}size;contain-intrinsic-size:300px 150px;`
  )
}
