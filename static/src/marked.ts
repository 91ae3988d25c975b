// What a marked tag is. An attribute under another name is not requested by any
// browser, nor is anything of a template or a script of an unknown type.

/** Attributes by which elements load, SVG's among them; a marked one has data- before its name. */
export const ATTRIBUTES = ['srcset', 'src', 'srcdoc', 'href', 'xlink:href', 'data', 'poster']

/** Elements that leave a box on the page while they wait. */
export const EMBEDS = ':is(iframe,embed,object,video,audio,[data-placeholder],template[data-consent^=share])[data-consent]'

/** Types of scripts that browsers run: the standard's, and hardly any more. */
export const EXECUTABLE = /^\s*(module|\S+(java|ecma|live|j)script[\d.]*|)\s*$/i

/** Reports whether el, which has a condition, still waits for it. */
export const isMarked = (el: HTMLElement): boolean =>
  /^(template|s\w+;text\/plain)/.test(el.localName + ';' + el.getAttribute('type')) ||
  ATTRIBUTES.some(name => el.dataset[name] && el.getAttribute(name) != el.dataset[name])
