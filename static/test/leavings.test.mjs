// What denied services left is deleted wherever a page can reach it: on every path
// and parent domain, in every kind of storage, and again when they write it anew.
import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { inEveryEngine } from "./engines.mjs";
import { startInternet } from "./internet.mjs";
import { waitFor } from "./page.mjs";
import { answer, startSite } from "./ways/site.mjs";

const host = "http://www.shop.example";

/** Runs in a page at /deep/page without a gate: what a vendor leaves, and what is the site's own. */
async function leave() {
  const places = ["path=/", "path=/deep", "path=/deep/page", "path=/;domain=shop.example", "path=/deep;domain=shop.example", "path=/deep/page;domain=www.shop.example"];
  places.forEach((place, i) => {
    document.cookie = `_evil_${i}=left;max-age=1000;${place}`;
    document.cookie = `own_${i}=left;max-age=1000;${place}`;
  });
  // One name in two places: both go.
  for (const place of ["path=/", "path=/;domain=shop.example"]) document.cookie = `_evil_twice=left;max-age=1000;${place}`;
  for (const storage of [localStorage, sessionStorage]) for (const name of ["evil.id", "own.id"]) storage.setItem(name, "left");
  for (const name of ["evil-db", "own-db"]) await new Promise((done) => { indexedDB.open(name).onsuccess = ({ target }) => (target.result.close(), done()); });
}

async function look() {
  const databases = (await indexedDB.databases()).map(({ name }) => name);
  return [...document.cookie.split("; ").map((pair) => pair.split("=")[0]), ...Object.keys(localStorage), ...Object.keys(sessionStorage), ...databases].filter((name) => /evil|own/.test(name)).sort();
}

const own = ["own-db", "own.id", "own.id", "own_0", "own_1", "own_2", "own_3", "own_4", "own_5"];

const tag = `<script type="text/plain" data-consent="analytics">ran.push("ran");
  document.cookie = "_evil_now=1;path=/;max-age=1000";
  addEventListener("pagehide", () => { document.cookie = "_evil_last=1;path=/;max-age=1000"; localStorage.setItem("evil.last", "1"); });</script>`;

// As a browser that is told to keep no storage.
const locked = '<script>Object.defineProperty(self, "localStorage", { get() { throw new DOMException("locked", "SecurityError"); } })</script>';

describe("what services left", () => {
  const texts = {};
  const internet = {};
  before(async () => {
    for (const gate of ["gate", "gate-auto"]) {
      const site = await startSite({ gate, ...(gate === "gate" ? {} : { block: "known" }), page: () => "" });
      texts[`/p/${gate}.js`] = await (await fetch(`${site.address}p/gate.js`)).text();
      texts["/p/opener/r/en.js"] = await (await fetch(`${site.address}p/opener/r/en.js`)).text();
      await site.stop();
    }
    const page = (head) => `<!doctype html><html lang="en"><head><script>ran = []</script>${head}</head><body>${tag}<p>page</p></body></html>`;
    const pages = { "/deep/page": (url) => page(`${/locked/.test(url) ? locked : ""}<script src="/p/${new URL(url).searchParams.get("gate")}.js"></script>`), "/deep/": () => page("") };
    Object.assign(internet, await startInternet(({ path, url }) => (texts[path] ? ["text/javascript", texts[path]] : ["text/html", (pages[path] ?? pages["/deep/"])(url)])));
  });
  after(() => internet.stop());

  inEveryEngine((newPage) => {
    async function onPage(act) {
      const page = await newPage();
      try {
        await act(page);
      } finally {
        await page.close();
      }
    }
    const left = async (page, wanted) => {
      await waitFor(async () => (await page.evaluate(look)).length === wanted.length, "the sweep").catch(() => {}); // the difference says more
      assert.deepEqual(await page.evaluate(look), wanted);
    };

    for (const gate of ["gate", "gate-auto"])
      it(`is deleted on every path, domain and in every storage, before a choice: ${gate}`, () =>
        onPage(async (page) => {
          await page.open(`${host}/deep/page/without`);
          await page.evaluate(leave);
          assert.equal((await page.evaluate(look)).filter((name) => /evil/.test(name)).length, 11, "all of it can be written");
          await page.open(`${host}/deep/page?gate=${gate}`);
          await left(page, own);
          await page.open(`${host}/deep/page/without`);
          assert.deepEqual(await page.evaluate(look), own, "for good");
        }));

    it("is deleted where it is all that the browser holds", () =>
      onPage(async (page) => {
        await page.open(`${host}/deep/page/without`);
        await page.evaluate(() => { sessionStorage.setItem("evil.id", "left"); });
        await page.open(`${host}/deep/page?gate=gate`);
        await left(page, []);
      }));

    it("is deleted from cookies where storage cannot be looked at", () =>
      onPage(async (page) => {
        await page.open(`${host}/deep/page/without`);
        await page.evaluate(() => { document.cookie = "_evil_0=left;max-age=1000;path=/"; });
        await page.open(`${host}/deep/page?gate=gate&locked`);
        await waitFor(() => page.evaluate(() => document.cookie === ""), "the sweep");
      }));

    it("is deleted again when it is written while the page is left", () =>
      onPage(async (page) => {
        await page.open(`${host}/deep/page?gate=gate`);
        await page.evaluate(answer, "g");
        await waitFor(() => page.evaluate(() => ran.length === 1), "the tag");
        assert.deepEqual(await page.evaluate(look), ["_evil_now"]);
        await page.evaluate(answer, "d");
        await waitFor(() => page.evaluate(() => self.ran?.length === 0), "the page to start anew");
        await left(page, []);
        await page.open(`${host}/deep/page?gate=gate`);
        await left(page, []);
      }));
  }, () => ({ through: internet.proxy }));
});
