// The declaration inside of an owner's page: where the script stands, or in the
// element that is marked for it. It belongs to no gate and asks nobody.
declare const __HTML__: string
declare const __CSS__: string

const script = document.currentScript!
const host = document.createElement('div')
const root = host.attachShadow({ mode: 'open' })
const sheet = new CSSStyleSheet()
sheet.replaceSync(__CSS__)
root.adoptedStyleSheets = [sheet]
// The gate's policy is the gate's alone: a page that admits policies by name admits this one too.
let html: string = __HTML__
try {
  const rules = { createHTML: (s: string) => s, createScriptURL: (s: string) => s }
  html = window.trustedTypes!.createPolicy('consentry-declaration', rules).createHTML(html)
} catch {}
root.innerHTML = html
const place = document.querySelector('[data-consentry-declaration]')
if (place) place.replaceChildren(host)
else script.after(host)
export {}
