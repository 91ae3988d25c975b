// Every way in which a page can come to load something, each as a page's author
// or a vendor would write it. URL stands for the address of that way at the
// third party; what it loads is a script unless it says otherwise.

const js = (name, code) => ({ name, code });
const html = (name, markup, more = {}) => ({ name, markup, ...more });

/** Parser-inserted: in the page's own HTML. scanned: the preload scanner may ask for it before any script has run. */
export const parsed = [
  html("script in the page", '<script src="URL"></script>', { scanned: true }),
  html("async script in the page", '<script async src="URL"></script>', { scanned: true }),
  html("module in the page", '<script type="module" src="URL"></script>', { scanned: true }),
  html("inline script in the page", "<script>evilBootstrap('URL')</script>"),
  html("image in the page", '<img src="URL" alt="">', { scanned: true }),
  html("srcset in the page", '<img srcset="URL 1x" alt="">', { scanned: true }),
  html("frame in the page", '<iframe src="URL"></iframe>', { scanned: true }),
  html("srcdoc frame in the page", "<iframe srcdoc=\"<script src='URL'></script>\"></iframe>", { scanned: true }),
  html("stylesheet in the page", '<link rel="stylesheet" href="URL">', { scanned: true }),
  html("preload in the page", '<link rel="preload" as="script" href="URL">', { scanned: true, hint: true }),
  html("video in the page", '<video src="URL" preload="auto"></video>', { scanned: true }),
  html("embed in the page", '<embed src="URL">', { scanned: true }),
  html("object in the page", '<object data="URL"></object>', { scanned: true }),
];

/** Marked by the page's author: never requested before a grant, by any engine. */
export const marked = [
  html("marked script", '<script type="text/plain" data-consent="analytics" data-src="URL"></script>'),
  html("marked module", '<script type="text/plain" data-type="module" data-consent="analytics:evil" data-src="URL"></script>'),
  html("marked inline script", `<script type="text/plain" data-consent="evil">load("URL")</script>`),
  html("joined conditions", '<script type="text/plain" data-consent="analytics & !share | marketing" data-src="URL"></script>'),
  html("marked frame", '<iframe data-consent="analytics" data-src="URL"></iframe>'),
  html("marked image", '<img data-consent="analytics" data-src="URL" alt="">'),
  html("marked srcset", '<img data-consent="analytics" data-srcset="URL 1x" alt="">'),
  html("marked stylesheet", '<link rel="stylesheet" data-consent="analytics" data-href="URL">'),
  html("marked video", '<video preload="auto" data-consent="analytics" data-src="URL"></video>'),
  html("marked audio", '<audio preload="auto" data-consent="analytics" data-src="URL"></audio>'),
  html("marked source", '<video preload="auto"><source data-consent="analytics" data-src="URL"></video>'),
  html("marked embed", '<embed data-consent="analytics" data-src="URL">'),
  html("marked object", '<object data-consent="analytics" data-data="URL"></object>'),
  html("marked template", '<template data-consent="analytics"><p>inside</p><script type="text/plain" data-consent="analytics" data-src="URL"></script></template>'),
];

/** Made by script. */
export const made = [
  js("src property", "const s = document.createElement('script'); s.src = URL; document.head.append(s)"),
  js("src attribute", "const s = document.createElement('script'); s.setAttribute('src', URL); document.head.appendChild(s)"),
  js("src after insertion", "const s = document.createElement('script'); document.head.append(s); s.src = URL"),
  js("type after src", "const s = document.createElement('script'); s.src = URL; s.type = 'text/javascript'; document.head.append(s)"),
  js("insertBefore the first script", "const s = document.createElement('script'); s.async = 1; s.src = URL; const f = document.getElementsByTagName('script')[0]; f.parentNode.insertBefore(s, f)"),
  js("inline text", "const s = document.createElement('script'); s.text = `evilBootstrap('${URL}')`; document.head.append(s)"),
  js("inline text node", "const s = document.createElement('script'); document.head.append(s); s.append(document.createTextNode(`evilBootstrap('${URL}')`))"),
  js("replaceWith", "const m = document.createElement('meta'), s = document.createElement('script'); s.src = URL; document.head.append(m); m.replaceWith(s)"),
  js("fragment", "const f = document.createDocumentFragment(), s = document.createElement('script'); s.src = URL; f.append(s); document.body.append(f)"),
  js("cloned script", "const s = document.createElement('script'); s.src = URL; document.body.append(s.cloneNode())"),
  js("contextual fragment", "document.body.append(document.createRange().createContextualFragment(`<script src='${URL}'></` + 'script>'))"),
  js("document.write of a script", "document.write(`<script src='${URL}'></` + 'script>')"),
  js("open shadow root", "const h = document.createElement('div'); document.body.append(h); const s = document.createElement('script'); s.src = URL; h.attachShadow({mode: 'open'}).append(s)"),
  { ...js("new Image", "new Image().src = URL"), plain: true },
  { ...js("image srcset", "new Image().srcset = URL + ' 1x'"), plain: true },
  { ...js("innerHTML image", "document.createElement('div').innerHTML = `<img src='${URL}'>`"), held: false },
  { ...js("innerHTML frame", "const d = document.createElement('div'); d.innerHTML = `<iframe src='${URL}'></iframe>`; document.body.append(d)") },
  js("insertAdjacentHTML frame", "document.body.insertAdjacentHTML('beforeend', `<iframe src='${URL}'></iframe>`)"),
  js("template clone", "const t = document.createElement('template'); t.innerHTML = `<iframe src='${URL}'></iframe>`; document.body.append(t.content.cloneNode(true))"),
  js("imported node", "const d = new DOMParser().parseFromString(`<iframe src='${URL}'></iframe>`, 'text/html'); document.body.append(document.importNode(d.body.firstChild, true))"),
  js("shadow template", "const t = document.createElement('template'), h = document.createElement('div'); document.body.append(h); t.innerHTML = `<iframe src='${URL}'></iframe>`; h.attachShadow({mode: 'open'}).appendChild(t.content.cloneNode(true))"),
  js("frame property", "const f = document.createElement('iframe'); f.src = URL; document.body.append(f)"),
  js("frame srcdoc", "const f = document.createElement('iframe'); f.srcdoc = `<script src='${URL}'></` + 'script>'; document.body.append(f)"),
  js("stylesheet link", "const l = document.createElement('link'); l.rel = 'stylesheet'; l.href = URL; document.head.append(l)"),
  js("preload link", "const l = document.createElement('link'); l.href = URL; l.rel = 'preload'; l.as = 'script'; document.head.append(l)"),
  { ...js("prefetch link", "const l = document.createElement('link'); l.rel = 'prefetch'; l.href = URL; document.head.append(l)"), without: "webkit" },
  { ...js("fetch", "fetch(URL, {mode: 'no-cors'}).catch(e => rejected.push(e.name))"), plain: true },
  { ...js("fetch of a Request", "fetch(new Request(URL, {mode: 'no-cors'})).catch(e => rejected.push(e.name))"), plain: true },
  { ...js("XMLHttpRequest", "const x = new XMLHttpRequest(); x.onerror = () => rejected.push('xhr'); x.open('GET', URL); x.send()"), plain: true },
  { ...js("sendBeacon", "navigator.sendBeacon(URL, '1')"), plain: true },
  { ...js("EventSource", "new EventSource(URL).onerror = e => { rejected.push('es'); e.target.close() }"), plain: true },
  { ...js("WebSocket", "new WebSocket(URL.replace('http', 'ws')).onerror = () => rejected.push('ws')"), plain: true },
  { ...js("blob worker", "new Worker(window.blobWorker = URL_.createObjectURL(new Blob([`importScripts('${URL}')`]))).onerror = e => { e.preventDefault(); rejected.push('worker') }"), plain: true },
  { ...js("form", "const f = document.createElement('form'), i = document.createElement('iframe'); i.name = 'sink'; f.action = URL; f.method = 'post'; f.target = 'sink'; document.body.append(i, f); f.submit()"), plain: true },
];
