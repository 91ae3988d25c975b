// What a page's script cannot stop: said in the README, measured here, and held by
// the server-side gate.
import { html, js } from "./way.mjs";

export const open = [
  html("address in a style sheet", "<style>body { background-image: url(URL) }</style>"),
  html("@import in a style sheet", "<style>@import 'URL';</style>"),
  html("address in a style attribute", '<p style="background-image: url(URL)">x</p>'),
  html("preload of a srcset", '<link rel="preload" as="image" imagesrcset="URL 1x">'),
  html("SVG image", '<svg><image href="URL" width="1" height="1"/></svg>'),
  html("SVG script", '<svg><script href="URL"></script></svg>', { script: true }),
  html("SVG script by its older name", '<svg><script xlink:href="URL"></script></svg>', { script: true }),
  js("import() in a script of the page", "import(URL).catch(() => {})", { script: true }),
  html("import in an inline module", "<script type=\"module\">import 'URL'</script>", { script: true }),
  js("text given to an inline script in the page", "const s = document.createElement('script'); document.head.append(s); s.text = 'evil' + `Bootstrap('${URL}')`", { script: true }),
  js("FontFace", "new FontFace('f', `url(${URL})`).load().catch(() => {})"),
  js("attribute node of an image", "const i = new Image(), a = document.createAttribute('src'); a.value = URL; i.setAttributeNode(a)"),
  js("a frame's own window", "const f = document.createElement('iframe'); document.body.append(f); new f.contentWindow.Image().src = URL"),
  js("a frame's location", "const f = document.createElement('iframe'); document.body.append(f); f.contentWindow.location = URL", { frame: true }),
  js("worker of a file", "new Worker('/worker.js#' + URL)"),
  js("module worker", "new Worker(URL_.createObjectURL(new Blob([`import '${URL}'`], {type: 'text/javascript'})), {type: 'module'})"),
];
