// What several services share: Google's loader, which Analytics and Ads have in
// common, and an embed of two services. It waits for all of them, and comes once
// one of them is permitted. With marketing alone Google's loader comes under a G- id,
// too: patterns know no queries. What it needs to measure with that stays held, the
// command and the hosts.
import assert from "node:assert/strict";
import { after, afterEach, before, beforeEach, describe, it } from "node:test";
import { inEveryEngine } from "./engines.mjs";
import { startInternet } from "./internet.mjs";
import { waitFor } from "./page.mjs";
import { loaded, placeholder, press } from "./placeholders/see.mjs";
import { startShop } from "./shop.mjs";
import { button } from "./visit.mjs";

const service = (id) => `{id: ${id}, name: ${id}, company: Example GmbH, country: DE, policy_url: "https://vendor.example/privacy", hosts: [film.example/embed], cookies: []}`;
const ads = "{id: marketing, services: [google-ads]}";
const analytics = "{id: analytics, services: [ga4]}";
const share = `{id: share, services: [${service("film")}, ${service("rental")}]}`;

/** Google's own snippet, as its documentation prints it, and the same as other scripts insert it. */
const snippet = (id) => `<script async src="https://www.googletagmanager.com/gtag/js?id=${id}"></script>
<script>
  window.dataLayer = window.dataLayer || [];
  function gtag(){dataLayer.push(arguments);}
  gtag('js', new Date());

  gtag('config', '${id}');
</script>`;
const inserted = (id) => `<script>(s => { s.src = "https://www.googletagmanager.com/gtag/js?id=${id}"; document.head.append(s) })(document.createElement("script"))</script>`;

/** In the place of Google's script: what it measures follows from the commands. */
const gtag = `loaderRan = true; { const go = (c) => { if (c[0] == "config") new Image().src = c[1][0] == "A" ? "https://www.googleadservices.com/pagead/" + c[1] : "https://region1.google-analytics.com/g/collect/" + c[1] };
  self.dataLayer = self.dataLayer || []; dataLayer.forEach(go); const { push } = dataLayer; dataLayer.push = (c) => { push.call(dataLayer, c); go(c) } }`;
const answer = ({ path, kind }) =>
  kind === "iframe" ? ["text/html", "<!doctype html><title>Film</title>"] : path === "/gtag/js" ? ["text/javascript", gtag] : ["image/svg+xml", '<svg xmlns="http://www.w3.org/2000/svg"/>'];

const bodies = {
  "/snippet": snippet("AW-1"),
  "/late": inserted("AW-1"),
  "/both": snippet("G-2") + snippet("AW-1"),
  "/embed": `<main></main><script>{ const f = document.createElement("iframe"); Object.assign(f, { id: "first", width: 560, height: 315, src: "https://film.example/embed/1" }); document.querySelector("main").append(f) }</script>`,
  "/marked": `<script type="text/plain" data-consent="marketing" data-src="https://www.googletagmanager.com/gtag/js?id=AW-1"></script>`,
};
const respond = (path) => bodies[path] && ["text/html", `<!doctype html><html lang="en"><head><title>Shop</title><script src="/privacy/gate.js"></script></head><body>${bodies[path]}<p>end</p></body></html>`];

const internet = {};

describe("what services share", () => {
  before(async () => Object.assign(internet, await startInternet(answer)));
  after(() => internet.stop());

  inEveryEngine((newPage) => {
    /** Runs tests on a site that has these categories. */
    const on = (mode, categories, tests) => describe(`in mode ${mode}: ${categories.map((c) => c.match(/\w+(?=,)/)[0]).join(", ")}`, () => {
      const use = {};
      before(async () => { use.shop = await startShop(`gate: ${mode}\ncategories: [${categories.join(", ")}]\n`, respond); });
      after(() => use.shop?.stop());
      beforeEach(async () => {
        internet.requests.length = 0;
        use.page = await newPage({});
      });
      afterEach(() => use.page?.close());
      tests({
        open: async (path) => {
          await use.page.open(use.shop.origin + path);
          await waitFor(() => use.page.exists(button("accept-all")), "the banner");
        },
        grant: async (category) => {
          await use.page.evaluate(() => { consentry.open(); });
          await waitFor(() => use.page.exists(button("save")), "the preferences");
          await use.page.click(`input[data-category="${category}"]`);
          await use.page.click(button("save"));
        },
        page: () => use.page,
      });
    });

    /** What was asked of the internet by now, once it is quiet, in order. */
    async function asked() {
      for (let known = -1; known !== internet.requests.length; ) {
        known = internet.requests.length;
        await new Promise((resolve) => setTimeout(resolve, 800));
      }
      return seen().map(({ url }) => url.replace(/^https:\/\//, ""));
    }
    /** Without what the browser asks for itself. */
    const seen = () => internet.requests.filter(({ referer }) => referer.startsWith("http://localhost"));
    const waitForHost = (name) => waitFor(() => seen().some(({ host }) => host === name), `${name} to be asked`);
    const adsRan = ["www.googletagmanager.com/gtag/js?id=AW-1", "www.googleadservices.com/pagead/AW-1"];
    const ran = (page) => page.evaluate(() => !!self.loaderRan || (self.dataLayer || []).some((c) => c[0] === "config"));

    on("known", [ads], ({ open, grant, page }) => {
      it("Google Ads' own snippet runs nothing before a choice, and runs after a grant", async () => {
        await open("/snippet");
        // A parser asks for the addresses of its own tags before any script can stop it; nothing of that runs.
        assert.deepEqual((await asked()).filter((url) => url !== adsRan[0]), []);
        assert.equal(await ran(page()), false);
        internet.requests.length = 0;
        await grant("marketing");
        await waitForHost("www.googleadservices.com");
      });

      it("the loader is not asked for before a choice, and once after a grant", async () => {
        await open("/late");
        assert.deepEqual(await asked(), []);
        await grant("marketing");
        await waitForHost("www.googletagmanager.com");
        assert.deepEqual(await asked(), [adsRan[0]]);
      });
    });

    on("known", [analytics, ads], ({ open, grant, page }) => {
      it("with marketing alone Ads measures, and Analytics does not", async () => {
        await open("/both");
        assert.equal(await ran(page()), false);
        internet.requests.length = 0;
        await grant("marketing");
        await waitForHost("www.googleadservices.com");
        const urls = await asked();
        assert.ok(urls.includes(adsRan[1]));
        assert.deepEqual(urls.filter((url) => url.includes("analytics")), [], "the command that has Analytics measure is held, and so are its hosts");
      });

      it("with analytics alone Analytics measures, and Ads does not", async () => {
        await open("/both");
        internet.requests.length = 0;
        await grant("analytics");
        await waitForHost("region1.google-analytics.com");
        assert.deepEqual((await asked()).filter((url) => url.includes("googleads")), []);
      });
    });

    on("marked", [analytics, ads], ({ open, grant }) => {
      it("a tag that is marked with its category comes with that one alone", async () => {
        await open("/marked");
        await grant("analytics");
        assert.deepEqual(await asked(), []);
        await grant("marketing");
        await waitForHost("www.googletagmanager.com");
        assert.deepEqual(await asked(), [adsRan[0]]);
      });
    });

    on("known", [share], ({ open, page }) => {
      it("an embed of two services opens once by its placeholder", async () => {
        await open("/embed");
        await placeholder(page());
        assert.deepEqual(await asked(), []);
        await press(page(), "load-once");
        await loaded(page());
        assert.deepEqual(await asked(), ["film.example/embed/1"]);
        await page().reload();
        await placeholder(page());
      });

      it("an embed of two services opens for good by its placeholder", async () => {
        await open("/embed");
        await press(page(), "allow-service");
        await loaded(page());
        await page().reload();
        await waitForHost("film.example");
        await loaded(page());
      });
    });
  }, () => ({ through: internet.proxy }));
});
