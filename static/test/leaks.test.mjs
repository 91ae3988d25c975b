// What the banner tells of requests that nobody had permitted: the services that a page
// had asked by then, and none of those whose tags were held.
import assert from "node:assert/strict";
import { createServer } from "node:http";
import { after, before, beforeEach, describe, it } from "node:test";
import { inEveryEngine } from "./engines.mjs";
import { waitFor } from "./page.mjs";
import { startOwnSite } from "./site.mjs";

const leaky = ["early", "import", "preloaded"];
const stopped = ["made", "fetched", "xhr", "picture", "marked", "written", "sheet", "beacon"];

/** A third party that answers scripts, styles and pictures, a slow one of them late, and remembers what it was asked for. */
async function startVendor() {
  const it = { asked: new Set() };
  const server = createServer((request, response) => {
    const name = request.url.split("/")[1];
    it.asked.add(name);
    const kind = request.headers["sec-fetch-dest"];
    const type = { style: "text/css", image: "image/svg+xml" }[kind] ?? "text/javascript";
    setTimeout(() => response.writeHead(200, { "content-type": type, "cache-control": "no-store" }).end(), name === "slow" ? 700 : 0);
  });
  await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
  it.host = `127.0.0.1:${server.address().port}`;
  it.stop = () => new Promise((resolve) => { server.closeAllConnections(); server.close(resolve); });
  return it;
}

const service = (host) => (id) => `{id: ${id}, name: ${id}, company: ${id} Ltd, country: IE, policy_url: "https://vendor.example/privacy", hosts: ["${host}/${id}"], cookies: []}`;
const site = (host) => (origin) => `
id: shop
name: Shop
origins: ["${origin}"]
gate: known
controller: {name: Shop Ltd, address: "1 Road", contact: a@shop.example}
categories:
  - id: analytics
    services: [${[...leaky, ...stopped].map(service(host)).join(", ")}]
`;

const gate = '<script src="/privacy/gate.js"></script>';
const page = (head, body = "") => `<!doctype html><html lang="en"><head><title>Shop</title>${head}</head><body><p>Text</p>${body}</body></html>`;

// Before the gate stands a script that is waited for, so that the scanner looks ahead.
const leaking = (at) => page(
  `<script src="${at("early")}"></script><style>@import "${at("import")}";</style><script src="${at("slow")}"></script>${gate}`,
  `<script src="${at("preloaded")}"></script>`);

const held = (at) => page(gate, `<script type="text/plain" data-consent="marked" data-src="${at("marked")}"></script><script>
  const made = document.createElement("script"); made.src = "${at("made")}"; document.head.append(made);
  new Image().src = "${at("picture")}";
  const sheet = document.createElement("link"); sheet.rel = "stylesheet"; sheet.href = "${at("sheet")}"; document.head.append(sheet);
  document.write('<script src="${at("written")}"></' + 'script>');
  fetch("${at("fetched")}").catch(() => {});
  navigator.sendBeacon("${at("beacon")}");
  const x = new XMLHttpRequest(); x.open("GET", "${at("xhr")}"); x.onerror = () => {}; x.send();
</script>`);

describe("leaks", () => {
  const use = {};
  before(async () => {
    use.vendor = await startVendor();
    const at = (name) => `http://${use.vendor.host}/${name}`;
    const csp = { "content-security-policy": "default-src 'self' 'unsafe-inline'" };
    const pages = { "/leaking": { body: leaking(at) }, "/held": { body: held(at) }, "/stopped": { body: leaking(at), headers: csp } };
    use.site = await startOwnSite({ site: site(use.vendor.host), page: (path) => pages[path] });
  });
  after(async () => { await use.site?.stop(); await use.vendor?.stop(); });

  inEveryEngine((newPage) => {
    beforeEach(() => { use.site.posts.length = 0; use.vendor.asked.clear(); });

    /** What the impression on a page names, once it is counted. */
    async function leaked(path) {
      const visitor = await newPage();
      try {
        await visitor.open(use.site.origin + path);
        const post = await waitFor(() => use.site.posts.find(({ path, status }) => path.endsWith("/impressions") && status), "the impression");
        assert.equal(post.status, 204);
        assert.doesNotMatch(post.body, /127\.0\.0\.1|http/, "an address");
        return JSON.parse(post.body).leaked;
      } finally {
        await visitor.close();
      }
    }

    it("are told where a tag stands before the gate, a style sheet imports, or the browser looks ahead", async () => {
      assert.deepEqual(await leaked("/leaking"), leaky);
      assert.deepEqual(leaky.filter((name) => !use.vendor.asked.has(name)), [], "the third party was asked");
    });

    it("are none where the gate holds the tags", async () => {
      assert.deepEqual(await leaked("/held"), []);
      assert.deepEqual([...use.vendor.asked], []);
    });

    it("are none where the page's own policy stops the requests", async () => {
      assert.deepEqual(await leaked("/stopped"), []);
      assert.deepEqual([...use.vendor.asked], []);
    });
  });
});
