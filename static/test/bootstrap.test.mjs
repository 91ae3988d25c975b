// Pages that start Tag Manager before the gate can load: the inline bootstrap, as
// the program prints it, under a policy with nonces.
import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { inEveryEngine } from "./engines.mjs";
import { waitFor } from "./page.mjs";
import { startOwnSite } from "./site.mjs";
import { button } from "./visit.mjs";

const site = (origin) => `
id: shop
name: Shop
origins: ["${origin}"]
controller: {name: Shop Ltd, address: "1 Road", contact: a@shop.example}
gate: marked
categories:
  - {id: analytics, services: [ga4]}
  - {id: marketing, services: [google-ads]}
`;

const headers = { "content-security-policy": "default-src 'none'; script-src 'nonce-abc' 'strict-dynamic'; connect-src 'self'; style-src 'nonce-abc'; require-trusted-types-for 'script'; trusted-types consentry" };
// Google's own snippet, its container played by a script that notes what it found.
const gtm = `<script nonce="abc">(function(w,d,s,l,i){w[l]=w[l]||[];w[l].push({'gtm.start':1,event:'gtm.js'});w.found=JSON.stringify(w[l].map(e=>Array.from(e.length?e:[e])))})(window,document,'script','dataLayer','GTM-ABC')</script>`;

const settle = () => new Promise((resolve) => setTimeout(resolve, 1200));
const read = () => JSON.stringify([JSON.parse(found), dataLayer.map((entry) => (entry.length ? Array.from(entry) : entry))]);
const state = ([, , { ad_storage, analytics_storage }]) => `${ad_storage} ${analytics_storage}`;

describe("the inline bootstrap before Tag Manager", () => {
  const use = {};
  const served = async () => (await fetch(`${use.site.origin}/privacy/gate.js`)).text();
  before(async () => {
    use.site = await startOwnSite({ site, page: (path) => (path === "/" ? { body: use.html, headers } : null) });
    const head = use.site.run("snippet", "shop", "--inline", "--nonce", "abc");
    const [inline, gate] = head.split("<!-- 2.");
    use.gate = await served();
    use.html = `<!doctype html><html lang="en"><head><title>Shop</title>${inline}${gtm}<script nonce="abc">calls = []; consentry.push((c) => calls.push(c.permits("analytics")))</script></head><body><p>Shop</p>${gate.slice(gate.indexOf("<script"))}</body></html>`;
  });
  after(() => use.site?.stop());

  inEveryEngine((newPage) => {
    /** What the container found, and all that was pushed. */
    const told = async (page) => JSON.parse(await page.evaluate(read));
    const hint = (page) => page.evaluate(() => document.cookie.match(/consentry_hint=[^;]*/)?.[0] ?? "");
    const consents = (list, word) => list.filter((entry) => entry[0] === "consent" && entry[1] === word);

    it("sets the default before the container starts, once, and carries a choice on", async () => {
      const page = await newPage({});
      try {
        await page.open(use.site.origin + "/");
        await waitFor(() => page.exists(button("accept-all")), "the banner");
        let [found, all] = await told(page);
        assert.deepEqual(found.map((entry) => entry.slice(0, 2).join(" ")).slice(0, 2), ["consent default", "set ads_data_redaction"]);
        assert.equal(state(found[0]), "denied denied");
        assert.equal(found[0][2].wait_for_update, 500);
        assert.deepEqual([consents(all, "default").length, consents(all, "update").length], [1, 0]);
        assert.deepEqual(await page.evaluate(() => calls), [false], "queued calls were made");
        await page.click(button("accept-all"));
        await waitFor(async () => consents((await told(page))[1], "update").length, "the update");
        [, all] = await told(page);
        assert.deepEqual(consents(all, "update").map(state), ["granted granted"]);

        await page.reload();
        await settle();
        [found, all] = await told(page);
        assert.equal(state(found[0]), "granted granted");
        assert.deepEqual([consents(all, "default").length, consents(all, "update").length], [1, 0], "nothing to correct");

        await page.evaluate(() => { consentry.withdraw(); });
        await waitFor(async () => /~d~/.test(await hint(page)), "the withdrawal");
        await settle();
        await page.reload();
        await settle();
        [found, all] = await told(page);
        assert.equal(state(found[0]), "denied denied");
        assert.deepEqual([consents(all, "default").length, consents(all, "update").length], [1, 0]);
      } finally {
        await page.close();
      }
    });

    it("grants nothing that the gate would not: unconfirmed, expired, forged, changed", async () => {
      const page = await newPage({});
      const open = async (prepare) => {
        await page.evaluate(prepare);
        await page.reload();
        await settle();
        return told(page);
      };
      try {
        await page.open(use.site.origin + "/");
        await waitFor(() => page.exists(button("accept-all")), "the banner");
        await page.click(button("accept-all"));
        const granted = await waitFor(() => hint(page), "the hint");
        await settle();

        // No gate has run here lately: denied, until the gate says otherwise.
        let [found, all] = await open(() => localStorage.setItem("consentry:shop:told", Date.now() - 6 * 60_000));
        assert.equal(state(found[0]), "denied denied");
        assert.deepEqual(consents(all, "update").map(state), ["granted granted"]);
        [found] = await open(() => localStorage.setItem("consentry:shop:told", Date.now() + 1e9));
        assert.equal(state(found[0]), "denied denied", "a clock that was put back");
        [found] = await open(() => {});
        assert.equal(state(found[0]), "granted granted", "confirmed by the page before");

        // The hint by itself: run out, of another question, half of one.
        for (const change of [(s) => s.replace(/=1\.\d+/, "=1.1000000000"), (s) => s.replace(/~g~[\w-]{8}/g, "~g~AAAAAAAA"), (s) => s.replace(/~g~[\w-]{8}/g, "~g"), (s) => s.replace("=1.", "=2."), () => "consentry_hint="]) {
          await page.evaluate((text) => { document.cookie = `${text}; path=/`; }, change(granted));
          [found] = await open(() => {});
          assert.equal(state(found[0]), "denied denied", change(granted));
        }
        await page.evaluate((text) => { document.cookie = `${text}; path=/`; }, granted);
        await open(() => {});

        // The policy has changed since the bootstrap was pasted: the gate corrects
        // what it said, and from then on it says nothing that the gate would not.
        use.site.rewrite((text) => text.replace("[google-ads]", "[google-ads, meta-pixel]"));
        await waitFor(async () => { [found, all] = await open(() => {}); return state(found[0]) === "denied denied"; }, "the new policy", 30_000);
        [found, all] = await open(() => {});
        assert.equal(state(found[0]), "denied denied");
        assert.deepEqual(consents(all, "update").map(state), ["denied granted"], "the gate grants what is unchanged");
      } finally {
        use.site.rewrite((text) => text.replace("[google-ads, meta-pixel]", "[google-ads]"));
        await waitFor(async () => (await served()) === use.gate, "the old policy again", 30_000);
        await page.close();
      }
    });
  });
});
