// Layer one fetched beside the gate: the inline script that the program prints asks
// for it where nobody has answered, and the gate takes what is on its way.
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
gate: known
locales: [en, de]
categories:
  - {id: analytics, services: [ga4]}
`;

const policy = "default-src 'none'; script-src 'nonce-abc' 'strict-dynamic'; connect-src 'self'; require-trusted-types-for 'script'; trusted-types consentry";
const strict = { "content-security-policy": policy };
const unmodified = { "content-security-policy": policy.replace("'nonce-abc' 'strict-dynamic'", "'self'") };

describe("layer one, asked for early", () => {
  const use = {};
  const page = (lang) => `<!doctype html><html lang="${lang}"><head><title>Shop</title>${use.head}</head><body><p>Shop</p></body></html>`;
  const pages = {
    "/": () => ({ body: page("en") }), "/de": () => ({ body: page("de-AT") }),
    "/strict": () => ({ body: page("en"), headers: strict }), "/unmodified": () => ({ body: page("en"), headers: unmodified }),
  };
  const served = async () => (await fetch(`${use.site.origin}/privacy/gate.js`)).text();
  before(async () => {
    use.site = await startOwnSite({ site, page: (path) => pages[path]?.() });
    use.head = use.site.run("snippet", "shop", "--early", "--nonce", "abc");
    use.gate = await served();
    use.rendering = use.gate.match(/rendering:"([^"]+)"/)[1];
  });
  after(() => use.site?.stop());

  inEveryEngine((newPage) => {
    /** A first visit: which layers were asked for, by whose request they came, and what was said of the one that was shown. */
    async function visit(path, act = () => {}) {
      const tab = await newPage({});
      try {
        use.site.asked.length = use.site.posts.length = 0;
        await tab.open(use.site.origin + path);
        await waitFor(() => tab.exists(button("accept-all")), "the banner");
        const banners = use.site.asked.filter((url) => url.includes("/banner/"));
        const by = await tab.evaluate(() => performance.getEntriesByType("resource").filter(({ name }) => name.includes("/banner/")).map(({ initiatorType }) => initiatorType));
        const shown = await waitFor(() => use.site.posts.find((post) => post.path.endsWith("/impressions") && post.body), "the impression");
        await act(tab);
        return { banners, by, shown: JSON.parse(shown.body) };
      } finally {
        await tab.close();
      }
    }
    const address = (locale, rendering = use.rendering) => `/privacy/banner/${rendering}/${locale}.js`;

    it("comes by one request, made before the gate has run, in the language that the gate reads", async () => {
      for (const [path, locale] of [["/", "en"], ["/de", "de"]]) {
        const { banners, by, shown } = await visit(path);
        assert.deepEqual(banners, [address(locale)]);
        assert.ok(by.includes("link"), `it came by ${by}`);
        assert.deepEqual([shown.rendering, shown.locale], [use.rendering, locale], "the record says what was shown");
      }
    });

    it("does so under a policy with nonces and Trusted Types", async () => {
      const { banners, by } = await visit("/strict");
      assert.deepEqual(banners, [address("en")]);
      assert.ok(by.includes("link"), `it came by ${by}`);
    });

    it("comes after the gate, as without, where the page's policy forbids what is inline", async () => {
      const { banners, by } = await visit("/unmodified");
      assert.deepEqual(banners, [address("en")]);
      assert.ok(!by.includes("link"), `it came by ${by}`);
    });

    it("is not asked for where somebody has answered", () =>
      visit("/", async (tab) => {
        await tab.click(button("reject-all"));
        await waitFor(async () => (await tab.cookies()).some(({ name }) => name === "consentry"), "the record");
        use.site.asked.length = 0;
        await tab.reload();
        await waitFor(() => tab.exists("[data-consentry-settings]"), "the page to come to rest"); // what brings the way back may be in the cache
        assert.deepEqual(use.site.asked.filter((url) => url.includes("/banner/")), []);
        assert.equal(await tab.evaluate(() => document.querySelectorAll("link[rel=preload]").length), 0);
      }));

    it("is today's, in the page and in the record, where the pasted script is of yesterday", async () => {
      use.site.rewrite((text) => text.replace("[ga4]", "[ga4, matomo]"));
      try {
        const gate = await waitFor(async () => { const now = await served(); return now !== use.gate && now; }, "the new policy", 30_000);
        const rendering = gate.match(/rendering:"([^"]+)"/)[1];
        const { banners, shown } = await visit("/");
        assert.deepEqual(banners.toSorted(), [address("en"), address("en", rendering)].toSorted());
        assert.equal(shown.rendering, rendering);
      } finally {
        use.site.rewrite((text) => text.replace("[ga4, matomo]", "[ga4]"));
        await waitFor(async () => (await served()) === use.gate, "the old policy again", 30_000);
      }
    });
  });
});
