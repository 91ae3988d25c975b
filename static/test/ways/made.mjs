// What a page's scripts make, as vendors' own code does.
import { js } from "./way.mjs";

// The code that makes an inline script must not look like it.
const inlined = (name, code) => js(name, `const s = document.createElement('script'), CODE = 'evil' + \`Bootstrap('\${URL}')\`; ${code}`, { script: true });
const script = (name, code) => js(name, `const s = document.createElement('script'); ${code}`, { script: true });
const svg = (name, code) => js(name, `const s = document.createElementNS('http://www.w3.org/2000/svg', 'script'); ${code}`, { script: true });
const frame = (name, code) => js(name, `const html = \`<iframe src='\${URL}'></iframe>\`; ${code}`, { frame: true });
const link = (name, code, more) => js(name, `const l = document.createElement('link'); ${code}; document.head.append(l)`, more);
const asked = (name, code, more = {}) => js(name, code, { plain: true, ...more });
const worker = (name, code, more) => asked(name, `new Worker(URL_.createObjectURL(new Blob([\`${code}\`]))).onerror = e => { e.preventDefault(); rejected.push('worker') }`, more);

const scripts = [
  script("src property", "s.src = URL; document.head.append(s)"),
  script("src attribute", "s.setAttribute('src', URL); document.head.appendChild(s)"),
  script("src attribute of a namespace", "s.setAttributeNS(null, 'src', URL); document.head.append(s)"),
  script("src attribute node", "const a = document.createAttribute('src'); a.value = URL; s.setAttributeNode(a); document.head.append(s)"),
  script("src after insertion", "document.head.append(s); s.src = URL"),
  script("type after src", "s.src = URL; s.type = 'text/javascript'; document.head.append(s)"),
  script("module", "s.type = 'module'; s.src = URL; document.head.append(s)"),
  script("relative to the scheme", "s.src = URL.replace('http:', ''); document.head.append(s)"),
  js("host with a dot at its end", "const s = document.createElement('script'); s.src = URL.replace('127.0.0.1', 'localhost.'); document.head.append(s)", { script: true, without: "firefox webkit" }), // which ask the system, and that may not know it
  script("host in capitals", "s.src = URL.replace('127.0.0.1', 'LOCALHOST'); document.head.append(s)"),
  script("insertBefore the first script", "s.async = 1; s.src = URL; const f = document.getElementsByTagName('script')[0]; f.parentNode.insertBefore(s, f)"),
  script("prepend", "s.src = URL; document.body.prepend(s)"),
  script("before", "s.src = URL; document.body.firstChild.before(s)"),
  script("after", "s.src = URL; document.currentScript.after(s)"),
  script("replaceWith", "const m = document.createElement('meta'); s.src = URL; document.head.append(m); m.replaceWith(s)"),
  script("replaceChild", "const m = document.createElement('meta'); s.src = URL; document.head.append(m); document.head.replaceChild(s, m)"),
  script("replaceChildren", "const d = document.createElement('div'); s.src = URL; document.body.append(d); d.replaceChildren(s)"),
  script("insertAdjacentElement", "s.src = URL; document.body.insertAdjacentElement('afterbegin', s)"),
  script("range", "const r = document.createRange(); s.src = URL; r.selectNode(document.currentScript); r.insertNode(s)"),
  script("fragment", "const f = document.createDocumentFragment(); s.src = URL; f.append(s); document.body.append(f)"),
  script("cloned script", "s.src = URL; document.body.append(s.cloneNode())"),
  script("cloned tree", "const d = document.createElement('div'); s.src = URL; d.append(s); document.body.append(d.cloneNode(true))"),
  script("contextual fragment", "document.body.append(document.createRange().createContextualFragment(`<script src='${URL}'></` + 'script>'))"),
  script("document.write", "document.write(`<script src='${URL}'></` + 'script>')"),
  script("document.writeln", "document.writeln(`<script src='${URL}'>`, '</script' + '>')"),
  script("document.write in pieces", "document.write(`<script src='${URL}`); document.write(`'></` + 'script>')"),
  script("document.write of several arguments", "document.write('<script src=', `'${URL}'`, '></' + 'script>')"),
  script("document.write of an escaped script", "document.write(unescape(`%3Cscript src='${URL}' type='text/javascript'%3E%3C/script%3E`))"),
  script("shadow root", "const h = document.createElement('div'); document.body.append(h); s.src = URL; h.attachShadow({mode: 'open'}).append(s)"),
  script("inside of a shadow root", "const h = document.createElement('div'), p = document.createElement('p'); document.body.append(h); s.src = URL; h.attachShadow({mode: 'open'}).append(p); p.appendChild(s)"),
  svg("SVG script", "s.setAttribute('href', URL); document.body.append(s)"),
  svg("SVG script by its older name", "s.setAttributeNS('http://www.w3.org/1999/xlink', 'xlink:href', URL); document.body.append(s)"),
  svg("SVG script's property", "s.href.baseVal = URL; document.body.append(s)"),
  script("shadow root attached later", "const h = document.createElement('div'); s.src = URL; h.attachShadow({mode: 'open'}).append(s); document.body.append(h)"),
];

const inline = [
  inlined("text", "s.text = CODE; document.head.append(s)"),
  inlined("textContent", "s.textContent = CODE; document.head.append(s)"),
  inlined("innerText", "s.innerText = CODE; document.head.append(s)"),
  inlined("innerHTML of a script", "s.innerHTML = CODE; document.head.append(s)"),
  inlined("text node", "document.head.append(s); s.append(document.createTextNode(CODE))"),
  inlined("text node before", "s.appendChild(document.createTextNode(CODE)); document.head.append(s)"),
  inlined("string appended", "document.head.append(s); s.append(CODE)"),
  inlined("document.write of an inline script", "document.write(`<script>${CODE}</` + 'script>')"),
];

const embeds = [
  js("new Image", "new Image().src = URL", { plain: true }),
  js("image srcset", "new Image().srcset = URL + ' 1x'", { plain: true }),
  js("image attribute", "document.createElement('img').setAttribute('src', URL)", { plain: true }),
  js("image attribute of a namespace", "document.createElement('img').setAttributeNS(null, 'src', URL)", { plain: true }),
  js("attribute node of an image", "const i = new Image(), a = document.createAttribute('src'); a.value = URL; i.setAttributeNode(a)", { plain: true }),
  js("innerHTML of an image", "document.createElement('div').innerHTML = `<img src='${URL}'>`", { plain: true }),
  js("innerHTML of an image without quotes", "document.createElement('div').innerHTML = `<IMG width=1 src=${URL}>`", { plain: true }),
  js("image in the page", "document.body.append(Object.assign(new Image(), {src: URL}))"),
  js("picture source", "const p = document.createElement('picture'), s = document.createElement('source'); s.srcset = URL; p.append(s, new Image()); document.body.append(p)", { image: true }),
  js("image button", "const i = document.createElement('input'); i.type = 'image'; i.src = URL; document.body.append(i)"),
  js("new Audio", "window.kept = new Audio(URL); kept.preload = 'auto'", { plain: true }),
  js("video", "const v = document.createElement('video'); v.preload = 'auto'; v.src = URL; document.body.append(v)", { media: true }),
  js("video source", "const v = document.createElement('video'), s = document.createElement('source'); v.preload = 'auto'; s.src = URL; v.append(s); document.body.append(v)", { media: true }),
  js("poster property", "const v = document.createElement('video'); v.preload = 'none'; v.poster = URL; document.body.append(v)"),
  js("track", "const v = document.createElement('video'), t = document.createElement('track'); v.crossOrigin = 'anonymous'; t.default = true; t.src = URL; v.append(t); document.body.append(v); t.track.mode = 'showing'"),
  js("embed", "const e = document.createElement('embed'); e.src = URL; document.body.append(e)", { frame: true }),
  js("object", "const o = document.createElement('object'); o.data = URL; document.body.append(o)", { frame: true }),
  frame("frame property", "const f = document.createElement('iframe'); f.src = URL; document.body.append(f)"),
  frame("frame that a lazy loader fills", "const f = document.createElement('iframe'); document.body.append(f); f.setAttribute('data-src', URL); f.src = f.dataset.src; f.removeAttribute('data-src')"),
  frame("frame attribute", "const f = document.createElement('iframe'); document.body.append(f); f.setAttribute('src', URL)"),
  frame("innerHTML", "const d = document.createElement('div'); d.innerHTML = html; document.body.append(d)"),
  frame("innerHTML of the page", "const d = document.createElement('div'); document.body.append(d); d.innerHTML = html"),
  frame("outerHTML", "const d = document.createElement('div'); document.body.append(d); d.outerHTML = html"),
  frame("insertAdjacentHTML", "document.body.insertAdjacentHTML('beforeend', html)"),
  frame("template clone", "const t = document.createElement('template'); t.innerHTML = html; document.body.append(t.content.cloneNode(true))"),
  frame("imported node", "const d = new DOMParser().parseFromString(html, 'text/html'); document.body.append(document.importNode(d.body.firstChild, true))"),
  frame("adopted node", "const d = new DOMParser().parseFromString(html, 'text/html'); document.body.append(d.body.firstChild)"),
  frame("innerHTML of a shadow root", "const h = document.createElement('div'); document.body.append(h); h.attachShadow({mode: 'open'}).innerHTML = html"),
  frame("template in a shadow root", "const t = document.createElement('template'), h = document.createElement('div'); document.body.append(h); t.innerHTML = html; h.attachShadow({mode: 'open'}).appendChild(t.content.cloneNode(true))"),
  frame("setHTMLUnsafe", "const d = document.createElement('div'); document.body.append(d); d.setHTMLUnsafe(html)"),
  frame("declarative shadow root", "document.body.appendChild(document.createElement('div')).setHTMLUnsafe(`<div><template shadowrootmode='open'>${html}</template></div>`)"),
  frame("parseHTMLUnsafe", "document.body.append(Document.parseHTMLUnsafe(html).body.firstChild)"),
  frame("innerHTML of escaped slashes", "document.body.appendChild(document.createElement('div')).innerHTML = html.replaceAll('/', '&#x2F;').replace('<&#x2F;', '</')"),
  frame("an address that names the mark", "document.body.appendChild(document.createElement('div')).innerHTML = html.replace(URL, URL + '?data-consent=1')"),
  frame("document.write of a frame", "document.write(html)"),
  frame("frame of a data address", "const f = document.createElement('iframe'); f.src = 'data:text/html,' + encodeURIComponent(html); document.body.append(f)"),
  frame("frame of a javascript address", "const f = document.createElement('iframe'); f.src = `javascript:\"${html}\"`; document.body.append(f)"),
  js("a script for a blank frame", "const f = document.createElement('iframe'), s = document.createElement('script'); document.body.append(f); s.src = URL; f.contentDocument.body.append(s)", { script: true }),
  js("srcdoc", "const f = document.createElement('iframe'); f.srcdoc = `<script src='${URL}'></` + 'script>'; document.body.append(f)", { script: true }),
  js("srcdoc attribute", "const f = document.createElement('iframe'); f.setAttribute('srcdoc', `<img src='${URL}'>`); document.body.append(f)"),
];

const links = [
  link("stylesheet link", "l.rel = 'stylesheet'; l.href = URL"),
  link("preload link", "l.href = URL; l.rel = 'preload'; l.as = 'script'"),
  link("modulepreload link", "l.rel = 'modulepreload'; l.href = URL"),
  link("prefetch link", "l.rel = 'prefetch'; l.href = URL", { idle: true, without: "webkit" }),
  link("preconnect link", "l.rel = 'preconnect'; l.href = URL", { connects: true, without: "chromium" }),
];

const requests = [
  asked("fetch", "fetch(URL, {mode: 'no-cors'}).catch(e => rejected.push(e.name))"),
  asked("fetch of a URL", "fetch(new URL_(URL), {mode: 'no-cors'}).catch(() => {})"),
  asked("fetch of a Request", "fetch(new Request(URL, {mode: 'no-cors'})).catch(() => {})"),
  asked("fetch with keepalive", "fetch(URL, {mode: 'no-cors', keepalive: true}).catch(() => {})"),
  asked("fetchLater", "fetchLater(URL, {activateAfter: 0})", { without: "firefox webkit" }),
  asked("XMLHttpRequest", "const x = new XMLHttpRequest(); x.onerror = () => rejected.push('xhr'); x.open('GET', URL); x.send()"),
  asked("sendBeacon", "navigator.sendBeacon(URL, '1')"),
  asked("sendBeacon of a Blob", "navigator.sendBeacon(URL, new Blob(['1']))"),
  asked("EventSource", "new EventSource(URL).onerror = e => { rejected.push('es'); e.target.close() }"),
  asked("WebSocket", "new WebSocket(URL.replace('http', 'ws')).onerror = () => rejected.push('ws')"),
  worker("worker that imports", "importScripts('${URL}')"),
  worker("worker of a worker", "new Worker(URL.createObjectURL(new Blob([\"importScripts('${URL}')\"])))"),
  worker("worker that fetches", "fetch('${URL}', {mode: 'no-cors'}).catch(() => {})"),
  worker("worker with a socket", "new WebSocket('${URL.replace('http', 'ws')}')"),
  worker("worker with an XMLHttpRequest", "const x = new XMLHttpRequest(); x.open('GET', '${URL}'); x.send()"),
  asked("worklet", "new OfflineAudioContext(1, 1, 44100).audioWorklet.addModule(URL).catch(e => rejected.push(e.name))"),
  asked("paint worklet", "CSS.paintWorklet.addModule(URL).catch(() => {})", { without: "firefox webkit" }),
  asked("shared worker", "new SharedWorker(URL_.createObjectURL(new Blob([`importScripts('${URL}')`])))"),
  asked("form.submit", "const f = document.createElement('form'), i = document.createElement('iframe'); i.name = 'sink1'; f.action = URL; f.method = 'post'; f.target = 'sink1'; document.body.append(i, f); f.submit()"),
  asked("form.requestSubmit", "const f = document.createElement('form'), i = document.createElement('iframe'); i.name = 'sink2'; f.action = URL; f.target = 'sink2'; document.body.append(i, f); f.requestSubmit()"),
  asked("button with an address", "const f = document.createElement('form'), b = document.createElement('button'), i = document.createElement('iframe'); i.name = 'sink3'; f.target = 'sink3'; b.formAction = URL; f.append(b); document.body.append(i, f); b.click()"),
];

export const made = [...scripts, ...inline, ...embeds, ...links, ...requests];
