// Pages that have nothing to ask, which cost no request, and of which some say so.
import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { inEveryEngine } from "./engines.mjs";
import { waitFor } from "./page.mjs";
import { startOwnSite } from "./site.mjs";
import { bannerGone, button, madeReady, recorded } from "./visit.mjs";

const site = (sample) => (origin) => `
id: shop
name: Shop
origins: ["${origin}"]
controller: {name: Shop Ltd, address: "1 Road", contact: a@shop.example}
counting: {sample: ${sample}}
categories:
  - {id: share, services: [youtube]}
`;

const speculate = '<script type="speculationrules">{"prerender": [{"source": "list", "urls": ["/next"], "eagerness": "immediate"}]}</script>';
/** Counts, ahead of the gate, what browsers ask another process for and hold the page up meanwhile. */
const watch = `<script>
  reads = 0
  made = []
  const { get, set, ...own } = Object.getOwnPropertyDescriptor(Document.prototype, "cookie")
  Object.defineProperty(Document.prototype, "cookie", { ...own, set, get() { reads++; return get.call(this) } })
  const make = document.createElement
  document.createElement = (tag) => (made.push(tag), make.call(document, tag))
</script>`;
const body = (more) => `<!doctype html><html lang="en"><head><title>Shop</title><script src="/privacy/gate.js"></script></head><body><p>Text</p><a id="on" href="/next">On</a>${more}</body></html>`;

for (const sample of [1, 0])
  describe(sample ? "a site that counts every page that asks nothing" : "a site that counts none of them", () => {
    const use = { pages: [] };
    before(async () => {
      const page = (path) => (path !== "/favicon.ico" && use.pages.push(path), { body: path === "/watched" ? body("").replace("<script", watch + "<script").replace("</head>", "<script>held = [reads, made.join()]</script></head>") : body(path === "/" ? speculate : "") });
      use.site = await startOwnSite({ site: site(sample), page });
    });
    after(() => use.site?.stop());

    it("has code for that, or none", async () => {
      const gate = await (await fetch(`${use.site.origin}/privacy/gate.js`)).text();
      assert.equal(gate.includes("unasked"), sample === 1);
    });

    inEveryEngine((newPage, engine) => {
      const counted = () => use.site.posts.filter(({ path }) => !/decisions|impressions/.test(path));
      const loaded = (page) => waitFor(() => page.evaluate(() => document.readyState === "complete" && Boolean(self.consentry)), "the page");
      /** A visitor who has answered, and of whose requests nothing is noted so far. */
      async function answered(act) {
        const page = await newPage();
        try {
          use.site.posts.length = 0;
          await page.open(`${use.site.origin}/plain`);
          await waitFor(() => use.site.posts.some(({ path, status }) => path.endsWith("/impressions") && status), "the impression");
          await page.click(button("reject-all"));
          await bannerGone(page);
          await waitFor(() => use.site.posts.some(({ path, status }) => path.endsWith("/decisions") && status), "the decision");
          await recorded(page);
          assert.deepEqual(counted(), [], "the page asked");
          await act(page);
        } finally {
          await page.close().catch(() => {}); // what failed before says more
        }
      }

      it("a returning visitor's page says so once, and nothing of the visitor, or stays silent", () =>
        answered(async (page) => {
          for (const [n, path] of ["/plain", "/next"].entries()) {
            await page.open(use.site.origin + path);
            await loaded(page);
            if (sample) await waitFor(() => counted()[n]?.status, "the page to be counted");
            await new Promise((resolve) => setTimeout(resolve, 300));
            assert.equal(counted().length, sample && n + 1, path);
          }
          for (const { path, body, status } of counted()) assert.match(`${path} ${body} ${status}`, /^\/privacy\/unasked\?webdriver=(true|false|undefined)  204$/);
        }));

      it("a returning visitor's page waits for one reading of the cookie, and for no plug-ins", { skip: sample ? "is the same" : false }, () =>
        answered(async (page) => {
          await page.open(`${use.site.origin}/watched`);
          await loaded(page);
          const [reads, made] = await page.evaluate(() => held);
          assert.equal(reads, 1);
          assert.doesNotMatch(made, /embed|object/);
          assert.match(made, /template/, "what this rests on: the gate's own elements are counted");
        }));

      it("a page that is made ready says so when it is looked at", { skip: (engine !== "chromium" || !sample) && "has no speculation rules, or counts nothing" }, () =>
        answered(async (page) => {
          const opened = () => {
            use.pages.length = use.site.posts.length = 0;
            return page.open(use.site.origin + "/");
          };
          await madeReady(opened, () => use.pages.includes("/next") && counted()[0]?.status);
          await new Promise((resolve) => setTimeout(resolve, 700));
          assert.equal(counted().length, 1);
          await page.click("#on");
          await waitFor(() => counted()[1]?.status, "the second to be counted");
          assert.deepEqual(use.pages, ["/", "/next"], "it was the one made ready");
        }));
    });
  });
