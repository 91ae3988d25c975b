// Placeholders of embeds that come late, move, are replaced or go; of widgets; and
// of what the gate holds by itself.
import assert from "node:assert/strict";
import { after, afterEach, before, beforeEach, describe, it } from "node:test";
import { inEveryEngine } from "./engines.mjs";
import { waitFor } from "./page.mjs";
import { calm, count, loaded, noPlaceholder, placeholder, press } from "./placeholders/see.mjs";
import { startSite } from "./placeholders/site.mjs";
import { button } from "./visit.mjs";

/** Runs in the page: makes an embed of the film, marked as an author would. */
function make(host, id, where = "main") {
  const el = document.createElement("iframe");
  Object.assign(el, { id, width: 400, height: 250 });
  Object.assign(el.dataset, { consent: "share:film", src: `http://${host}/film/${id}` });
  document.querySelector(where).append(el);
}

inEveryEngine((newPage) => {
  const use = {};
  before(async () => { use.site = await startSite("known"); });
  after(async () => { await use.site?.stop(); });
  beforeEach(async () => {
    for (const list of [use.site.third.asked, use.site.posted, use.site.recorded]) list.length = 0;
    use.page = await newPage({});
  });
  afterEach(async () => { await use.page?.close(); });
  const open = (path) => use.page.open(use.site.origin + path);
  const one = (page) => waitFor(async () => (await count(page)) === 1, "exactly one placeholder");

  describe("an embed in a page that changes", () => {
    it("that comes late has a placeholder, and is loaded once", async () => {
      const { page, site } = use;
      await open("/en/late");
      await page.evaluate(make, site.third.host, "first");
      await placeholder(page);
      await press(page, "load-once");
      await loaded(page);
      assert.deepEqual(await calm(site.third), ["/film/first"]);
    });

    it("that moves takes its placeholder along", async () => {
      const { page, site } = use;
      await open("/en/one");
      await placeholder(page);
      await page.evaluate(() => document.querySelector("h1").before(document.getElementById("first")));
      await waitFor(() => page.evaluate(() => document.querySelector("main").firstElementChild.shadowRoot && document.getElementById("first").previousSibling === document.querySelector("main").firstElementChild), "the placeholder to follow");
      await one(page);
      await press(page, "load-once");
      await loaded(page);
      assert.deepEqual(await calm(site.third), ["/film/first"]);
    });

    it("that goes takes its placeholder along", async () => {
      const { page } = use;
      await open("/en/one");
      await placeholder(page);
      await page.evaluate(() => document.getElementById("first").remove());
      await waitFor(async () => (await count(page)) === 0, "no placeholder");
    });

    it("that is rendered anew, again and again, has one placeholder", async () => {
      const { page, site } = use;
      await open("/en/one");
      await placeholder(page);
      await page.evaluate(() => {
        const main = document.querySelector("main");
        const el = document.getElementById("first");
        for (let i = 0; i < 20; i++) main.replaceChildren(`${i}`, el.cloneNode());
      });
      await one(page);
      await page.evaluate(() => { const el = document.getElementById("first"); el.replaceWith(el.cloneNode()); });
      await one(page);
      await press(page, "load-once");
      await loaded(page);
      assert.deepEqual(await calm(site.third), ["/film/first"]);
    });

    it("keeps its placeholder when a framework throws that out, and its own style afterwards", async () => {
      const { page } = use;
      await open("/en/late");
      await page.evaluate(make, use.site.third.host, "first");
      await placeholder(page);
      await page.evaluate(() => document.getElementById("first").previousSibling.remove());
      await placeholder(page);
      await one(page);
      await press(page, "load-once");
      await loaded(page);
      await noPlaceholder(page);
      assert.equal(await page.evaluate(() => document.getElementById("first").style.length), 0);
    });

    it("in an open shadow root has one, once that root is scanned", async () => {
      const { page, site } = use;
      await open("/en/late");
      await page.evaluate((host) => {
        const root = document.querySelector("main").appendChild(document.createElement("section")).attachShadow({ mode: "open" });
        const el = document.createElement("iframe");
        Object.assign(el.dataset, { consent: "share:film", src: `http://${host}/film/shadow` });
        root.append(el);
        consentry.scan(root);
      }, site.third.host);
      await one(page);
      await page.click('[popovertarget="p"]');
      await page.click('[data-do="load-once"]');
      await waitFor(() => site.third.asked.includes("/film/shadow"), "the frame");
      assert.equal(await count(page), 0);
    });
  });

  describe("a placeholder goes when its service is permitted elsewhere", () => {
    it("in the banner", async () => {
      const { page, site } = use;
      await open("/en/two");
      await placeholder(page, "other");
      await page.click(button("accept-all"));
      for (const id of ["first", "second", "other"]) await loaded(page, id);
      assert.equal(await count(page), 0);
      assert.deepEqual((await calm(site.third)).sort(), ["/film/first", "/film/second", "/map/1"]);
    });

    it("in another tab, as its cookie says", async () => {
      const { page, site } = use;
      await open("/en/two");
      await placeholder(page);
      await page.evaluate(async () => {
        const [, rendering] = performance.getEntriesByType("resource").map(({ name }) => name.match(/placeholders\/([^/]+)/)).find(Boolean);
        const id = btoa(String.fromCharCode(...crypto.getRandomValues(new Uint8Array(16)))).replaceAll("+", "-").replaceAll("/", "_").slice(0, 22);
        const body = { id, rendering, locale: "en", layout: "bar", surface: "placeholder", control: "allow-service", layer: 1, scope: "keep", categories: {}, services: { map: "granted" } };
        await fetch("/privacy/decisions", { method: "POST", headers: { "content-type": "application/json" }, body: JSON.stringify(body) });
        dispatchEvent(new Event("storage"));
      });
      await loaded(page, "other");
      await noPlaceholder(page, "other");
      assert.equal(await count(page), 2);
    });
  });

  describe("a widget", () => {
    it("in a template offers the network's plain link, and is put in its place when loaded", async () => {
      const { page, site } = use;
      await open("/en/widgets");
      const { link, title } = await placeholder(page, "markup");
      const here = encodeURIComponent(site.origin + "/en/widgets");
      assert.deepEqual(link, { text: "Share via Buttons", href: `https://buttons.example/share?u=${here}&t=Kilns%20%26%20glazes`, rel: "noopener", target: "_blank" });
      assert.equal(title, "Buttons");
      assert.deepEqual(await calm(site.third), []);
      await press(page, "load-once", "markup");
      await waitFor(() => page.evaluate(() => self.ran?.length), "the script");
      assert.deepEqual(await calm(site.third), ["/buttons/t.js"]);
      assert.ok(await page.exists("#row"));
      assert.equal(await page.evaluate(() => document.getElementById("markup")), null);
    });

    it("of a marked script has one where the script asks for it, and only there", async () => {
      const { page, site } = use;
      await open("/en/widgets");
      await placeholder(page, "script");
      assert.equal(await count(page), 3);
      await press(page, "load-once", "script");
      await waitFor(() => site.third.asked.length, "the script");
      assert.deepEqual(await calm(site.third), ["/buttons/s.js"]);
      await noPlaceholder(page, "script");
    });

    it("that is a frame in a template takes the frame's box", async () => {
      const { page, site } = use;
      await open("/en/widgets");
      await placeholder(page, "framed");
      const size = () => page.evaluate(() => { const { width, height } = (document.getElementById("framed")?.previousSibling ?? document.querySelector('iframe[src*="film"]')).getBoundingClientRect(); return [width, height]; });
      const before = await size();
      await press(page, "load-once", "framed");
      await waitFor(() => site.third.asked.length, "the frame");
      assert.deepEqual(await calm(site.third), ["/film/t"]);
      assert.deepEqual([before, await size()], [[404, 229], [404, 229]]);
    });
  });

  describe("what the gate holds by itself", () => {
    it("has placeholders, and one load lends nothing to the next embed", async () => {
      const { page, site } = use;
      await open("/en/unmarked");
      await placeholder(page, "early");
      await placeholder(page, "later");
      assert.deepEqual(await calm(site.third), []);
      await press(page, "load-once", "later");
      await loaded(page, "later");
      assert.deepEqual(await calm(site.third), ["/film/later"]);
      await page.evaluate((host) => {
        const el = document.createElement("iframe");
        Object.assign(el, { id: "third", width: 400, height: 250, src: `http://${host}/film/third` });
        document.querySelector("main").append(el);
      }, site.third.host);
      await placeholder(page, "third");
      assert.deepEqual(await calm(site.third), ["/film/later"]);
    });

    const turn = (page, host, path) => page.evaluate((host, path) => { document.getElementById("later").src = `http://${host}${path}`; }, host, path);

    it("is opened for the next address of the same service, and asks anew for another service's", async () => {
      const { page, site } = use;
      await open("/en/unmarked");
      await press(page, "load-once", "later");
      await loaded(page, "later");
      await turn(page, site.third.host, "/film/next");
      await loaded(page, "later");
      await noPlaceholder(page, "later");
      await turn(page, site.third.host, "/map/7");
      assert.equal((await placeholder(page, "later")).title, "Maps");
      assert.deepEqual(await calm(site.third), ["/film/later", "/film/next"]);
      await press(page, "allow-service", "later");
      await loaded(page, "later");
      await noPlaceholder(page, "later");
      await turn(page, site.third.host, "/film/last");
      await loaded(page, "later");
      assert.deepEqual((await calm(site.third)).filter((path) => path !== "/film/early"), ["/film/later", "/film/next", "/map/7", "/film/last"]);
    });
  });
});
