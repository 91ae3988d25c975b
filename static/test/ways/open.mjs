// What a page's script cannot stop, and what this gate has no room to: said in the
// README, measured here, and held by the server-side gate.
import { html, js } from "./way.mjs";

const styled = (name, code) => js(name, `const p = document.createElement('p'); p.className = p.textContent = 'x${name.length}'; ${code}; document.body.append(p)`);
const blank = (name, code, more) => js(name, `const f = document.createElement('iframe'); document.body.append(f); const w = f.contentWindow, d = w.document; ${code}`, more);
const frame = (name, code) => js(name, `const f = document.createElement('iframe'), html = \`<iframe src='\${URL}'></iframe>\`; ${code}; document.body.append(f)`, { frame: true });
const named = (name, code) => js(name, `const f = document.createElement('iframe'); f.name = ${JSON.stringify(name)}; document.body.append(f); ${code}`, { frame: true });

const styles = [
  html("address in a style sheet", "<style>body { background-image: url(URL) }</style>"),
  html("@import in a style sheet", "<style>@import 'URL';</style>"),
  html("address in a style attribute", '<p style="background-image: url(URL)">x</p>'),
  html("background attribute in the page", '<table background="URL"><tr><td>x</td></tr></table>'),
  js("background attribute", "const t = document.createElement('table'); t.setAttribute('background', URL); t.insertRow().insertCell().append('x'); document.body.append(t)"),
  js("style element", "const s = document.createElement('style'); s.textContent = `@import '${URL}'`; document.head.append(s)"),
  styled("style property", "p.style.backgroundImage = `url(${URL})`"),
  styled("insertRule", "const s = document.createElement('style'); document.head.append(s); s.sheet.insertRule(`.${p.className} { background-image: url(${URL}) }`)"),
  js("insertRule of an @import", "const s = document.createElement('style'); document.head.append(s); s.sheet.insertRule(`@import url(${URL})`)"),
  styled("replaceSync", "const s = new CSSStyleSheet(); s.replaceSync(`.${p.className} { background-image: url(${URL}) }`); document.adoptedStyleSheets = [...document.adoptedStyleSheets, s]"),
  js("FontFace", "new FontFace('f', `url(${URL})`).load().catch(() => {})"),
];

const frames = [
  blank("document.write into a blank frame", "d.open(); d.write(`<script src='${URL}'></` + 'script>'); d.close()", { script: true }),
  blank("a script that a blank frame makes", "const s = d.createElement('script'); s.src = URL; d.body.append(s)", { script: true }),
  blank("innerHTML in a blank frame", "d.body.innerHTML = `<img src='${URL}'>`"),
  blank("an image of a blank frame", "new w.Image().src = URL"),
  blank("fetch of a blank frame", "w.fetch(URL, {mode: 'no-cors'}).catch(() => {})"),
  blank("XMLHttpRequest of a blank frame", "const x = new w.XMLHttpRequest(); x.open('GET', URL); x.send()"),
  blank("sendBeacon of a blank frame", "w.navigator.sendBeacon(URL, '1')"),
  blank("a frame's location", "w.location = URL", { frame: true }),
  named("window.open into a frame", "window.open(URL, f.name)"),
  named("a link into a frame", "const a = document.createElement('a'); a.target = f.name; a.href = URL; document.body.append(a); a.click()"),
  frame("a frame of a data address in base64", "f.src = 'data:text/html;base64,' + btoa(html)"),
  frame("a frame of a blob address", "f.src = URL_.createObjectURL(new Blob([html], {type: 'text/html'}))"),
  js("a frame of a frame set", "const s = document.createElement('frameset'), f = document.createElement('frame'); f.src = URL; s.append(f); document.body.append(s)", { frame: true }),
];

const preload = (name, code) => js(name, `const l = document.createElement('link'); l.rel = 'preload'; l.as = 'image'; ${code}; document.head.append(l)`);

const others = [
  html("preload of a srcset", '<link rel="preload" as="image" imagesrcset="URL 1x">'),
  preload("srcset of a preload link", "l.imageSrcset = URL + ' 1x'"),
  preload("srcset attribute of a preload link", "l.setAttribute('imagesrcset', URL + ' 1x')"),
  html("SVG image", '<svg><image href="URL" width="1" height="1"/></svg>'),
  html("SVG filter image", '<svg><filter id="filter"><feImage href="URL"/></filter><rect width="9" height="9" filter="url(#filter)"/></svg>'),
  html("SVG script", '<svg><script href="URL"></script></svg>', { script: true }),
  html("SVG script by its older name", '<svg><script xlink:href="URL"></script></svg>', { script: true }),
  js("attribute map of an image", "const i = new Image(), a = document.createAttribute('src'); a.value = URL; i.attributes.setNamedItem(a)"),
  js("value of an image's attribute node", "const i = new Image(); i.src = '/own.png'; i.getAttributeNode('src').value = URL"),
  js("execCommand", "const d = document.createElement('div'); d.contentEditable = true; document.body.append(d); d.focus(); document.execCommand('insertHTML', false, `<img src='${URL}'>`)"),
  js("import() in a script of the page", "import(URL).catch(() => {})", { script: true }),
  js("import() in a timer", "setTimeout(`import('${URL}').catch(() => {})`)", { script: true }),
  html("import in an inline module", "<script type=\"module\">import 'URL'</script>", { script: true }),
  js("text given to an inline script in the page", "const s = document.createElement('script'); document.head.append(s); s.text = 'evil' + `Bootstrap('${URL}')`", { script: true }),
  js("worker of a file", "new Worker('/worker.js#' + URL)"),
  js("worker of a data address", "new Worker('data:text/javascript,' + encodeURIComponent(`importScripts('${URL}')`))"),
  js("module worker", "new Worker(URL_.createObjectURL(new Blob([`import '${URL}'`], {type: 'text/javascript'})), {type: 'module'})"),
  js("import() in a worker", "new Worker(URL_.createObjectURL(new Blob([`import('${URL}')`])))"),
  js("service worker of the site that imports", "navigator.serviceWorker.register('/worker.js?' + URL, {scope: '/none'}).catch(() => {})"),
  js("Cache API", "caches.open('x').then(c => c.add(URL)).catch(() => {})"),
  js("ping of a link", "const a = document.createElement('a'); a.href = '#ping'; a.ping = URL; document.body.append(a); a.click()", { without: "firefox" }),
  js("speculation rules", "const s = document.createElement('script'); s.type = 'speculationrules'; s.textContent = JSON.stringify({prefetch: [{source: 'list', urls: [URL], eagerness: 'immediate'}]}); document.head.append(s)", { without: "firefox webkit" }),
  js("RTCPeerConnection", "const c = window.kept = new RTCPeerConnection({iceServers: [{urls: URL.replace('http://', 'turn:') + '?transport=tcp', username: 'a', credential: 'b'}]}); c.createDataChannel('x'); c.createOffer().then(o => c.setLocalDescription(o)).catch(() => {})", { connects: true, without: "firefox webkit" }),
];

/** By the README's words for them. */
export const open = { "By a style sheet": styles, "Through a frame": frames, "Out of a script's reach": others };
