// A site with a film, a map and a share widget from another address of this
// machine, each page of it with other embeds.
import { startInstallation } from "../installation.mjs";
import { page as boxes } from "./boxes.mjs";

const service = (id, name, host, more = "") => `{id: ${id}, name: "${name}", company: Example GmbH, country: DE, policy_url: "https://vendor.example/privacy", hosts: ["${host}/${id}"], cookies: []${more}}`;

const site = (gate) => (origin, host) => `
id: shop
name: Test shop
origins: ["${origin}"]
mode: path
prefix: /privacy
gate: ${gate}
controller: {name: Shop Ltd, address: "1 Road, Town", contact: privacy@shop.example}
locales: [en, de, ar]
settings: own
categories:
  - {id: analytics, services: [ga4]}
  - id: share
    services:
      - ${service("film", "Film & Söhne <b>", host)}
      - ${service("map", "Maps", host)}
      - ${service("buttons", "Buttons", host, ', share_url: "https://buttons.example/share?u={url}&t={title}"')}
`;

const frame = (id, host, more = 'width="560" height="315"') => `<iframe id="${id}" data-consent="share:film" data-src="http://${host}/film/${id}" title="How a kiln is fired" ${more}></iframe>`;

// What a template loads is marked too: Firefox 153 fetches scripts in templates ahead.
const bodies = {
  "/one": (host) => frame("first", host),
  "/two": (host) => frame("first", host) + frame("second", host) + `<iframe id="other" data-consent="share:map" data-src="http://${host}/map/1"></iframe>`,
  "/small": (host) => frame("first", host, 'width="120" height="40"'),
  "/category": (host) => `<iframe id="first" data-consent="share" data-src="http://${host}/map/1" width="560" height="315"></iframe><iframe id="nobody" data-consent="share" data-src="http://${host}/else" width="560" height="315"></iframe>`,
  "/widgets": (host) => `<template id="markup" data-consent="share:buttons"><p id="row">Buttons</p><script nonce="abc" type="text/plain" data-consent="share:buttons" data-src="http://${host}/buttons/t.js"></script></template>
<script id="script" nonce="abc" type="text/plain" data-consent="share:buttons" data-src="http://${host}/buttons/s.js" data-placeholder></script>
<template id="framed" data-consent="share:film"><iframe src="http://${host}/film/t" width="400" height="225"></iframe></template>
<script nonce="abc" type="text/plain" data-consent="share:buttons" data-src="http://${host}/buttons/silent.js"></script>`,
  "/none": () => "<p>Nothing embedded.</p>",
  "/late": () => "",
  "/unmarked": (host) => `<script nonce="abc">
const later = document.createElement("iframe"); later.id = "later"; later.width = 400; later.height = 250
addEventListener("load", () => { document.querySelector("main").append(later); later.src = "http://${host}/film/later" })
document.addEventListener("DOMContentLoaded", () => { const early = document.createElement("iframe"); early.id = "early"; early.src = "http://${host}/film/early"; document.querySelector("main").append(early) })
</script>`,
};

const html = (lang, body) => `<!doctype html><html lang="${lang}" dir="${lang === "ar" ? "rtl" : "ltr"}"><meta name="viewport" content="width=device-width"><title>Kilns & glazes</title>
<script nonce="abc" src="/privacy/gate.js"></script>
<style nonce="abc">body{font:16px/24px sans-serif;margin:24px} iframe{max-width:100%}</style>
<body><main><h1>Kilns</h1><p>Before.</p>${body}<p id="after">After.</p></main>`;

const strict = (host) => ({
  "content-security-policy": "default-src 'none'; script-src 'nonce-abc' 'strict-dynamic'; style-src 'nonce-abc'; connect-src 'self'; base-uri 'none'; " +
    `object-src 'none'; form-action 'self'; frame-src http://${host}; require-trusted-types-for 'script'; trusted-types consentry`,
});

/** Pages are under a language, /en/one; their policy is strict. /boxes and /bare, without the gate, are the boxes. */
export const startSite = (gate = "marked") =>
  startInstallation({
    site: site(gate),
    page: (path, host) => {
      if (path === "/boxes" || path === "/bare") return { body: boxes(path === "/boxes", host) };
      const [, lang, name] = path.split(/\/|\?/);
      return { headers: strict(host), body: html(lang, bodies[`/${name}`]?.(host) ?? "") };
    },
  });
