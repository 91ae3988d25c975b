// The snippets that vendors print in their documentation, unmodified, on a page whose
// site file names their services: the program's own policy, in mode known.
import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { after, before, describe, it } from "node:test";
import { inEveryEngine } from "./engines.mjs";
import { startInternet } from "./internet.mjs";
import { waitFor } from "./page.mjs";
import { startShop } from "./shop.mjs";
import { button } from "./visit.mjs";

const folder = new URL("../../internal/siteconfig/testdata/snippets/", import.meta.url);
const snippets = readdirSync(folder).map((file) => ({ id: file.replace(".html", ""), html: readFileSync(new URL(file, folder), "utf8") }));

// Every service under one category: which one is not what is tried here.
const site = `gate: known\ncategories:\n  - id: analytics\n    services: [${snippets.map(({ id }) => id).join(", ")}]\n`;
const body = `<h1>Shop</h1>${snippets.map(({ html }) => html).join("\n")}<p id="end">end</p>`;

/** What vendors' scripts define that their snippets then call. */
const globals = { "/bat.js": "self.UET = function () { ran.push('new UET'); this.push = () => {} };", "/munchkin.js": "self.Munchkin = { init: () => ran.push('Munchkin.init') };" };
const called = ["Munchkin.init", "new UET"];

const gate = '<script src="/privacy/gate.js"></script>';
const page = (head, body) => () => ["text/html", `<!doctype html><html lang="en"><head><title>Shop</title><script>ran = []; failed = []; addEventListener("error", (e) => failed.push(e.message))</script>${head}</head><body>${body}</body></html>`];
const pages = { "/": page(gate, body), "/free": page("", body), "/plain": page("", ""), "/alone": page(gate, "") };

/** What a vendor's script leaves behind: one entry under each name that its service declares. */
function leave(names) {
  const entries = names.split(" ").filter(Boolean).map((name) => name.replace(/\*$/, "x").split(/:(.*)/s));
  return entries.map(([kind, name]) =>
    name === undefined ? `document.cookie = ${JSON.stringify(`${kind}=1;path=/;max-age=1000`)};`
    : kind === "indexeddb" ? `indexedDB.open(${JSON.stringify(name)});`
    : `${kind}Storage.setItem(${JSON.stringify(name)}, "1");`).join("");
}

/** The service whose patterns name the address, or a|b of those that share it; the longest wins. */
function ownerOf({ host, path }, rules) {
  const fits = (pattern) => (pattern.startsWith("*.") ? `.${host}${path}`.includes(pattern.slice(1).split("/")[0]) && path.startsWith(pattern.replace(/^[^/]*/, "")) : `${host}${path}`.startsWith(pattern));
  const all = Object.entries(rules).flatMap(([id, [hosts]]) => hosts.split(" ").filter(fits).map((pattern) => [pattern.length, id]));
  return all.sort(([a], [b]) => b - a)[0]?.[1];
}

const twice = (list) => list.filter((item, i) => list.indexOf(item) !== i);

const internet = {};
const answer = (asked) => {
  if (/^(iframe|embed)$/.test(asked.kind)) return ["text/html", "<!doctype html><title>frame</title><script>fetch('/ran' + location.pathname)</script>"];
  if (asked.kind !== "script" && !asked.path.endsWith(".js")) return ["text/plain", ""];
  const owners = internet.rules ? ownerOf(asked, internet.rules)?.split("|") ?? [] : [];
  const names = owners.map((id) => internet.rules[id]?.[2] ?? "");
  return ["text/javascript", `ran.push(${JSON.stringify(asked.url)}); ${globals[asked.path] ?? ""} ${names.map(leave).join("")}`];
};

describe("vendors' own snippets", () => {
  before(async () => Object.assign(internet, await startInternet(answer)));
  after(() => internet.stop());

  inEveryEngine((newPage) => describe("on one page", () => {
    const use = {};
    before(async () => {
      use.shop = await startShop(site, (path) => pages[path]?.());
      internet.rules = await use.shop.rules();
      use.page = await newPage();
    });
    after(async () => {
      await use.page?.close();
      await use.shop?.stop();
    });

    /** What the page asked of the internet since the last time, once it is quiet. */
    async function asked() {
      const { requests } = internet;
      for (let known = -1; known !== requests.length; ) {
        known = requests.length;
        await new Promise((resolve) => setTimeout(resolve, 800));
      }
      return requests.splice(0).filter(({ referer }) => referer.startsWith(use.shop.origin)).map(({ url }) => url);
    }
    /** What ran in the page, as addresses; with the parts of addresses that differ each time left out. */
    const ran = () => use.page.evaluate(() => self.ran);
    const defined = () => use.page.evaluate(() => Object.getOwnPropertyNames(window).filter((name) => !/^\d+$/.test(name)));
    const stored = () => use.page.evaluate(async () => [...document.cookie.split("; ").map((pair) => pair.split("=")[0]), ...Object.keys(localStorage), ...Object.keys(sessionStorage), ...(await indexedDB.databases()).map(({ name }) => name)].filter((name) => name && !/^consentry/.test(name)).sort());

    it("without a gate all of them load and run: the tests can fail", async () => {
      await use.page.open(`${use.shop.origin}/plain`);
      const usual = new Set(await defined());
      await asked();
      await use.page.open(`${use.shop.origin}/free`);
      use.wanted = (await asked()).sort();
      use.ran = (await ran()).sort();
      use.globals = (await defined()).filter((name) => !usual.has(name));
      use.left = await stored();
      assert.ok(use.wanted.length >= snippets.length, `${use.wanted.length} requests`);
      assert.deepEqual(called.filter((name) => !use.ran.includes(name)), []);
      assert.ok(use.left.length > 30, `${use.left}`);
      assert.deepEqual(await use.page.evaluate(() => failed), []);
    });

    it("leave nothing on the first page with a gate", async () => {
      await use.page.open(`${use.shop.origin}/alone`);
      await waitFor(async () => (await stored()).length === 0, "nothing to be left").catch(() => {});
      assert.deepEqual(await stored(), []);
      use.own = await defined(); // with the names under which the gate's signals queue
    });

    const parsed = snippets.map(({ html }) => html.match(/<(?:script|iframe)[^>]* src="([^"]+)/)?.[1]).filter(Boolean);

    /** Nothing runs; the parser's own tags may have been asked for. */
    async function closed(when) {
      const requests = await asked();
      assert.deepEqual(requests.filter((url) => !parsed.includes(url)), [], `requested ${when}`);
      assert.deepEqual(twice(requests), [], `requested twice ${when}`);
      assert.deepEqual(await ran(), [], `ran ${when}`);
      assert.deepEqual((await defined()).filter((name) => use.globals.includes(name) && !use.own.includes(name)), [], `defined ${when}`);
      assert.deepEqual(await stored(), [], `left ${when}`);
    }

    it("run nothing before a choice, after a refusal and on the next page", async () => {
      await use.page.open(`${use.shop.origin}/`);
      await waitFor(() => use.page.exists(button("reject-all")), "the banner");
      await closed("before a choice");
      await use.page.click(button("reject-all"));
      await closed("after a refusal");
      await use.page.reload();
      await closed("after a reload");
    });

    it("run once, all of them, after a grant", async () => {
      await use.page.evaluate(() => { consentry.open(); });
      await use.page.click(button("accept-all"));
      await waitFor(async () => (await ran()).length >= use.ran.length, "all to run").catch(() => {}); // the difference says more
      const requests = await asked();
      assert.deepEqual((await ran()).sort(), use.ran);
      assert.deepEqual(use.wanted.filter((url) => !requests.includes(url) && !parsed.includes(url)), [], "never requested");
      assert.deepEqual(twice(requests), []);
      assert.deepEqual(await stored(), use.left);
      assert.deepEqual(await use.page.evaluate(() => failed), []);
      const now = await defined();
      assert.deepEqual(use.globals.filter((name) => !now.includes(name)), []);
    });

    it("are gone after a withdrawal, with all that they left", async () => {
      await use.page.evaluate(() => { consentry.withdraw(); });
      await waitFor(async () => (await ran())?.length === 0, "the page to start anew");
      await closed("after the withdrawal");
      await use.page.reload();
      await closed("on the page after it");
    });
  }), () => ({ through: internet.proxy }));
});
