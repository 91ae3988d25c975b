// Several tabs, and pages that are made ready before anybody looks at them, with the
// built program behind them.
import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { inEveryEngine } from "./engines.mjs";
import { waitFor } from "./page.mjs";
import { startShop } from "./shop.mjs";
import { button, madeReady } from "./visit.mjs";

const settings = `gate: known
categories:
  - id: analytics
    services:
      - id: counter
        name: Counter
        company: Counter Ltd
        country: IE
        policy_url: "https://counter.example/privacy"
        hosts: [counter.example]
        cookies: []
        calls: {global: counter, form: queue, stub: true, granted: [[yes]], denied: [[no]]}
`;

// What a tab keeps beyond its reload, by its own clock: when it saw the change, when
// the browser passed on the word of the test's own, and what the vendor was told.
const diary = `<script>
addEventListener("storage", ({ key }) => { if (key === "word") sessionStorage.setItem("word", performance.now()) });
document.addEventListener("consentchange", () => sessionStorage.setItem("changed", performance.now()));
addEventListener("pagehide", () => sessionStorage.setItem("told", JSON.stringify(self.counter || [])));
</script>`;
const page = (more) => () => ["text/html", `<!doctype html><html lang="en"><head><script>ran = []</script>${diary}<script src="/privacy/gate.js"></script></head><body>
<script type="text/plain" data-consent="analytics">ran.push("marked"); fetch("/ran" + location.pathname)</script>${more}<p>page</p></body></html>`];

const speculate = '<script type="speculationrules">{"prerender": [{"source": "list", "urls": ["/next"], "eagerness": "immediate"}]}</script><a id="on" href="/next">on</a>';

describe("several pages at once", () => {
  inEveryEngine((newPage, engine) => describe("of one visitor", () => {
    const use = { seen: [] };
    const pages = { "/": page(""), "/next": page(""), "/speculate": page(speculate) };
    before(async () => {
      use.shop = await startShop(settings, (path, request) => {
        use.seen.push({ path, ready: request.headers["sec-purpose"] ?? "" });
        return pages[path]?.() ?? (path.startsWith("/ran") ? ["text/plain", "ok"] : undefined);
      });
    });
    after(() => use.shop?.stop());

    const ran = (tab) => tab.evaluate(() => self.ran?.length);
    const runs = (tab, n, what) => waitFor(async () => (await ran(tab)) === n, what);
    async function visit(path, act) {
      const tab = await newPage();
      try {
        use.seen.length = use.shop.asked.length = 0;
        await tab.open(use.shop.origin + path);
        await act(tab);
      } finally {
        await tab.close().catch(() => {}); // what failed before says more
      }
    }

    it("a withdrawal in one reaches the others within a second, and in each the vendors are told before it starts anew", () =>
      visit("/", async (one) => {
        await waitFor(() => one.exists(button("accept-all")), "the banner");
        await one.click(button("accept-all"));
        await runs(one, 1, "the tag");
        const two = await one.sibling();
        await two.open(`${use.shop.origin}/next`);
        await runs(two, 1, "the tag in the other tab");
        for (const tab of [one, two]) await waitFor(() => tab.evaluate(() => JSON.stringify(self.counter) === '[["yes"]]'), "the vendor to be told of the grant");
        await two.evaluate(() => consentry.decide({ categories: { analytics: "granted" } })); // changes nothing, but the code that decides is there then
        await one.evaluate(() => { sessionStorage.clear(); });
        await two.evaluate(() => { localStorage.setItem("word", Date.now()); consentry.withdraw(); });
        await runs(two, 0, "the page to start anew where it was taken back");
        await runs(one, 0, "the other tab to start anew");
        assert.equal(await one.evaluate(() => consentry.permits("analytics")), false);
        const kept = (tab) => tab.evaluate(() => ({ ...sessionStorage }));
        const { word, changed, told } = await kept(one);
        // Both come as the browser passes them on: what a busy machine takes for that, it takes for both.
        assert.ok(changed - word < 1000, `seen ${changed - word} ms after the word of it`);
        assert.deepEqual([JSON.parse(told), JSON.parse((await kept(two)).told)], [[["yes"], ["no"]], [["yes"], ["no"]]]);
        await two.close();
      }));

    const next = ({ path, ready }) => path === "/next" && ready.includes("prerender");
    const speculated = (tab) => madeReady(() => {
      use.seen.length = use.shop.asked.length = 0;
      return tab.open(`${use.shop.origin}/speculate`);
    }, () => use.seen.some(next));
    const prerenders = engine === "chromium"; // the only one that has speculation rules
    it("a page that is made ready opens nothing until it is looked at", { skip: !prerenders && "has no speculation rules" }, () =>
      visit("/", async (tab) => {
        await tab.click(button("accept-all"));
        await runs(tab, 1, "the tag");
        await speculated(tab);
        await new Promise((resolve) => setTimeout(resolve, 700));
        assert.equal(use.seen.filter(({ path }) => path === "/ran/next").length, 0, "nothing ran in it");
        await tab.click("#on");
        await waitFor(() => use.seen.some(({ path }) => path === "/ran/next"), "its tag");
        await new Promise((resolve) => setTimeout(resolve, 300));
        const times = (wanted) => use.seen.filter(({ path }) => path === wanted).length;
        assert.deepEqual([times("/next"), times("/ran/next")], [1, 1], "it was the one made ready, and its tag ran once");
      }));

    it("a page that is made ready asks nobody until it is looked at", { skip: !prerenders && "has no speculation rules" }, () =>
      visit("/", async (tab) => {
        await speculated(tab);
        await waitFor(() => tab.exists(button("accept-all")), "the banner");
        await new Promise((resolve) => setTimeout(resolve, 500));
        const asked = () => use.shop.asked.filter(({ path, from }) => from.endsWith("/next") && path !== "/privacy/gate.js").map(({ path }) => path);
        assert.deepEqual(asked(), [], "neither a banner nor an impression");
        await tab.click("#on");
        await waitFor(() => asked().includes("/privacy/impressions"), "its impression");
      }));
  }));
});
