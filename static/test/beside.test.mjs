// What stands in an owner's page beside the question: audience measurement that a law
// exempts, until somebody objects, and the declaration of all that is stored.
import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { inEveryEngine } from "./engines.mjs";
import { waitFor } from "./page.mjs";
import { startOwnSite } from "./site.mjs";
import { bannerGone, button } from "./visit.mjs";

const site = (origin) => `
id: shop
name: Shop
origins: ["${origin}"]
controller: {name: Shop Ltd, address: "1 Road", contact: a@shop.example}
counting: {sample: 0}
regime: local
locales: [en, fr]
categories:
  - id: analytics
    exempt:
      cnil: {sole_purpose: true, anonymous_statistics: true, no_cross_site: true, no_transfer: true, cookies_13_months: true, data_25_months: true, informed: true}
    services:
      - {id: stats, name: Stats, company: Stats Ltd, country: DE, policy_url: "https://stats.example", hosts: [stats.example], cookies: [{name: _stats, provider: shop.example, purpose: Counts visits., duration: 13 months}]}
  - {id: share, services: [youtube]}
`;

const gated = `<!doctype html><html lang="en"><head><title>Shop</title><script>ran = []</script><script src="/privacy/gate.js"></script></head><body>
<p>Text</p><a id="settings" href="#consentry-settings">Settings</a>
<script type="text/plain" data-consent="analytics">ran.push("analytics")</script>
<script type="text/plain" data-consent="share">ran.push("share")</script></body></html>`;

const declared = (lang, place = "") => `<!doctype html><html lang="${lang}"><head><title>Shop</title></head><body><h1>What we store</h1>${place}<script nonce="abc" src="/privacy/declaration/${lang}.js"></script><p id="end">End</p></body></html>`;
const strict = { "content-security-policy": "default-src 'none'; script-src 'nonce-abc' 'strict-dynamic'; style-src 'nonce-abc'; connect-src 'self'; require-trusted-types-for 'script'; trusted-types consentry consentry-declaration" };

const pages = {
  "/": { body: gated },
  "/declared": { body: declared("en") },
  "/placed": { body: declared("fr", "<div data-consentry-declaration></div>") },
  "/strict": { body: declared("en"), headers: strict },
};

const ran = (page) => page.evaluate(() => ran);

/** Runs in the page: the declaration's rows, and whether it stands before the page's end and within its width. */
function table() {
  const host = [...document.querySelectorAll("*")].find((el) => el.shadowRoot);
  if (!host) return null;
  const rows = [...host.shadowRoot.querySelectorAll("tbody tr")].map((row) => row.textContent);
  return { rows, styled: host.shadowRoot.adoptedStyleSheets.length, before: host.getBoundingClientRect().bottom <= document.getElementById("end").getBoundingClientRect().top + 1, wide: document.documentElement.scrollWidth <= innerWidth };
}

describe("beside the question", () => {
  const use = {};
  before(async () => { use.site = await startOwnSite({ site, page: (path) => pages[path] }); });
  after(() => use.site?.stop());
  inEveryEngine((newPage) => {
    async function visit(country, path, act, options = {}) {
      use.site.visitor = { "x-country": country };
      use.site.posts.length = 0;
      const page = await newPage(options);
      try {
        await page.open(use.site.origin + path);
        await act(page);
      } finally {
        await page.close();
      }
    }
    const runs = async (page, wanted) => {
      await waitFor(async () => (await ran(page)).length >= wanted.length, `${wanted} to run`);
      await new Promise((resolve) => setTimeout(resolve, 500));
      assert.deepEqual((await ran(page)).toSorted(), wanted);
    };

    it("exempt measurement runs where its law is, and where it is not, waits", async () => {
      await visit("FR", "/", async (page) => {
        await runs(page, ["analytics"]);
        await waitFor(() => page.exists(button("accept-all")), "the question about the rest");
      });
      await visit("DE", "/", async (page) => {
        await waitFor(() => page.exists(button("accept-all")), "the banner");
        await runs(page, []);
      });
    });

    it("whoever objects to it is measured no more, and that is on record as an objection", () =>
      visit("FR", "/", async (page) => {
        await runs(page, ["analytics"]);
        await waitFor(() => page.exists(button("reject-all")), "the banner");
        await page.click("#settings");
        await waitFor(() => page.exists(button("save")), "the preferences");
        await page.click("[data-category=analytics]");
        await page.click(button("save"));
        await bannerGone(page);
        await waitFor(async () => (await ran(page).catch(() => ["leaving"])).length === 0, "the page without measurement");
        await page.reload();
        await runs(page, []);
        const events = () => use.site.run("export", "shop", "--format", "ndjson");
        await waitFor(() => events().includes('"event":"objected"'), "the objection's record");
      }));

    for (const path of ["/declared", "/placed", "/strict"])
      for (const width of [360, 1280])
        it(`the declaration stands in a page: ${path.slice(1)}, ${width} px`, () =>
          visit("DE", path, async (page) => {
            const seen = await waitFor(() => page.evaluate(table), "the declaration");
            assert.ok(seen.rows.some((row) => row.includes("_stats") && row.includes("Counts visits.")), seen.rows.join("\n"));
            assert.deepEqual({ ...seen, rows: 0 }, { rows: 0, styled: 1, before: true, wide: true });
          }, { width }));
  });
});
