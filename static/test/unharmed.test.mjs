// A page that has nothing to do with the gate is as it would be without one: the same
// console, document, requests and errors, in modes known and strict.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { after, before, describe, it } from "node:test";
import { inEveryEngine } from "./engines.mjs";
import { startInternet } from "./internet.mjs";
import { waitFor } from "./page.mjs";
import { startShop } from "./shop.mjs";
import { platform } from "./ways/platform.mjs";

const require = createRequire(import.meta.url);
const library = (path) => readFileSync(new URL(`../node_modules/${path}`, import.meta.url), "utf8");
const { createElement } = require("react");
const { renderToString } = require("react-dom/server");
const vue = require("vue");
const { renderToString: renderVue } = require("vue/server-renderer");

const service = (id, host) => `      - {id: ${id}, name: ${id}, company: ${id} Ltd, country: IE, policy_url: "https://${host}/privacy", hosts: [${host}], cookies: []}`;
const settings = (mode) => `gate: ${mode}
settings: own
allow: [code.jquery.com, fonts.example]
categories:
  - id: necessary
    services:
${service("pay", "pay.example")}
  - id: analytics
    services: [ga4, matomo, hotjar]
  - id: share
    services: [youtube, addtoany]
`;

// Apps as they are written for both sides.
const reactApp = `const { useState, useEffect, createElement: h } = React; function App() { const [n, set] = useState(0); useEffect(() => { console.log("react effect"); }, []); return h("div", { id: "app" }, h("img", { src: "/tile/react", alt: "" }), h("button", { onClick: () => set(n + 1) }, "React " + n), h("ul", null, [1, 2, 3].map((i) => h("li", { key: i }, "item " + (i + n))))); }`;
const reactHTML = renderToString(createElement(new Function("React", `${reactApp}; return App`)(require("react"))));
const vueApp = `const VueApp = { data: () => ({ n: 0 }), mounted() { console.log("vue mounted"); }, template: '<section><img src="/tile/vue" alt=""><button @click="n++">Vue {{ n }}</button><p v-html="\\'<i>\\' + n + \\'</i>\\'"></p></section>' };`;
const vueHTML = await renderVue(vue.createSSRApp(new Function(`${vueApp}; return VueApp`)()));

const scripts = {
  jquery: `$(function () { console.log("jquery ready", $.fn.jquery); $("#jq").html('<p class="x">by jQuery <img src="/tile/jq" alt=""></p>').append($("<script>").text("console.log('script by jQuery')")).find("p").addClass("y").on("click", () => console.log("clicked")).trigger("click"); $("<div>").load("/part", () => console.log("part loaded")).appendTo("#jq"); $.getScript("/more.js").done(() => console.log("more done")); });`,
  map: `for (let x = 0; x < 4; x++) for (let y = 0; y < 3; y++) { const tile = new Image(8, 8); tile.onload = () => { loaded++; }; tile.src = "/tile/" + x + "/" + y; if (x % 2) tile.srcset = tile.src + "?2x 2x"; map.appendChild(tile); } map.insertAdjacentHTML("beforeend", '<img src="/tile/html" alt="" data-kind="a > b">');`,
  pay: `addEventListener("message", (e) => { console.log("payment says", e.data); pay.dataset.said = e.data; }, { once: true });`,
  fonts: `new FontFace("Mine", "url(/font.woff2)").load().catch((e) => console.log("font", e.name));`,
  worker: `navigator.serviceWorker.register("/sw.js").then(async () => { const it = navigator.serviceWorker; await it.ready; if (!it.controller) await new Promise((done) => (it.oncontrollerchange = done)); console.log("service worker", await (await fetch("/from-worker")).text()); });`,
  errors: `fetch("/missing").then((r) => console.log("missing", r.status)); fetch("http://localhost:1/").catch((e) => console.log("unreachable", e.name)); const x = new XMLHttpRequest(); x.onload = () => console.log("xhr", x.status, x.responseText); x.open("POST", "/echo", true); x.send("body"); try { document.body.appendChild("text"); } catch (e) { console.log(e.name); } try { new Image().setAttribute("1x", ""); } catch (e) { console.log(e.name); } try { new Worker(); } catch (e) { console.log(e.name); } Promise.reject(new Error("mine")); setTimeout(() => { throw new Error("thrown"); });`,
};

const recorder = `<script>said = []; loaded = 0; for (const kind of ["log", "warn", "error", "info"]) console[kind] = (...args) => said.push(kind + ": " + args.join(" ")); addEventListener("error", (e) => said.push("error event: " + e.message)); addEventListener("unhandledrejection", (e) => said.push("rejection: " + e.reason));</script>`;
const inline = (code) => `<script>${code}</script>`;
const page = (gate) => `<!doctype html><html lang="en"><head><meta charset="utf-8"><title>Shop</title>${recorder}${gate ? '<script src="/privacy/gate.js"></script>' : ""}
<link rel="stylesheet" href="https://fonts.example/css"><style>@font-face { font-family: Own; src: url(/own.woff2) } p { font-family: Own }</style></head><body>
<main><div id="jq"></div><div id="map"></div><div id="react">${reactHTML}</div><div id="vue">${vueHTML}</div><iframe id="pay" src="https://pay.example/frame" title="pay"></iframe></main>
<script src="https://code.jquery.com/jquery.js"></script>${inline(scripts.jquery)}${inline(scripts.map)}${inline(scripts.pay)}${inline(scripts.fonts)}${inline(scripts.errors)}
<script src="/react.js"></script><script src="/react-dom.js"></script>${inline(`${reactApp} ReactDOM.hydrateRoot(document.getElementById("react"), h(App));`)}
<script src="/vue.js"></script>${inline(`${vueApp} Vue.createSSRApp(VueApp).mount("#vue");`)}${inline(scripts.worker)}</body></html>`;

const files = {
  "/": () => ["text/html", page(true)],
  "/free": () => ["text/html", page(false)],
  "/platform": () => ["text/html", '<!doctype html><script src="/privacy/gate.js"></script><body>'],
  "/platform-free": () => ["text/html", "<!doctype html><body>"],
  "/part": () => ["text/html", "<b>part</b>"],
  "/more.js": () => ["text/javascript", "console.log('more')"],
  "/echo": () => ["text/plain", "echo"],
  "/sw.js": () => ["text/javascript", "self.onfetch = (e) => { if (e.request.url.endsWith('/from-worker')) e.respondWith(new Response('answered')); }; self.onactivate = (e) => e.waitUntil(clients.claim()); self.oninstall = () => self.skipWaiting();"],
  "/react.js": () => ["text/javascript", library("react/umd/react.production.min.js")],
  "/react-dom.js": () => ["text/javascript", library("react-dom/umd/react-dom.production.min.js")],
  "/vue.js": () => ["text/javascript", library("vue/dist/vue.global.prod.js")],
};
const gif = Buffer.from("R0lGODlhAQABAIAAAAAAAP///yH5BAEAAAAALAAAAAABAAEAAAIBRAA7", "base64");
const answers = { "code.jquery.com": ["text/javascript", library("jquery/dist/jquery.js")], "fonts.example": ["text/css", "h1 { color: red }"], "pay.example": ["text/html", "<script>setInterval(() => parent.postMessage('paid', '*'), 50)</script>"] };

describe("a page with a gate", () => {
  const internet = {};
  before(async () => Object.assign(internet, await startInternet(({ host }) => answers[host] ?? ["text/plain", ""])));
  after(() => internet.stop());

  inEveryEngine((newPage) => {
    for (const mode of ["known", "strict"])
      describe(`in mode ${mode}`, () => {
        const use = {};
        const asked = [];
        before(async () => {
          use.shop = await startShop(settings(mode), (path) => (asked.push(path), files[path]?.() ?? (path.startsWith("/tile/") ? ["image/gif", gif] : undefined)));
        });
        after(() => use.shop?.stop());

        /** All that can be seen of a page from outside. */
        async function look(path) {
          const tab = await newPage();
          try {
            asked.length = internet.requests.length = 0;
            await tab.open(use.shop.origin + path);
            await waitFor(() => tab.evaluate(() => said.some((line) => /service worker/.test(line)) && said.length > 17 && loaded > 11 && self.pay.dataset.said && /part/.test(jq.textContent)), "the page to settle").catch(() => {});
            await tab.evaluate(() => { document.querySelector("#react button").click(); document.querySelector("#vue button").click(); });
            await new Promise((resolve) => setTimeout(resolve, 500));
            const seen = await tab.evaluate(() => ({ said: said.sort(), main: document.querySelector("main").outerHTML, loaded, styled: getComputedStyle(document.documentElement).display }));
            const outside = internet.requests.filter(({ referer }) => referer.startsWith(use.shop.origin)).map(({ url }) => url).sort();
            return { ...seen, outside, asked: asked.filter((file) => file !== path && file !== "/favicon.ico").sort() };
          } finally {
            await tab.close();
          }
        }

        it("says, shows and asks for the same as without", async () => {
          const free = await look("/free");
          assert.ok(free.said.length > 14 && free.loaded === 12 && free.main.includes("React 1") && free.main.includes("Vue 1"), `the page works: ${free.said.join("\n")}\n${free.main}`);
          assert.deepEqual(await look("/"), free);
        });

        it("finds the platform as it is", async () => {
          const read = async (path) => {
            const tab = await newPage();
            try {
              await tab.open(use.shop.origin + path);
              return await tab.evaluate(platform);
            } finally {
              await tab.close();
            }
          };
          assert.deepEqual(await read("/platform"), await read("/platform-free"));
        });
      });
  }, () => ({ through: internet.proxy }));
});
