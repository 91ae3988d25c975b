// The public API as pages use it, errors in their callbacks, what the server
// removes that scripts cannot, and what a gate in mode report sends.
import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { inEveryEngine } from "./engines.mjs";
import { waitFor } from "./page.mjs";
import { startOwnSite } from "./site.mjs";
import { button } from "./visit.mjs";

const site = (gate) => (origin) => `
id: shop
name: Shop
origins: ["${origin}"]
controller: {name: Shop Ltd, address: "1 Road", contact: a@shop.example}
gate: ${gate}
categories:
  - id: analytics
    services:
      - {id: stats, name: Stats, company: Stats Ltd, country: DE, policy_url: "https://stats.example", hosts: [], cookies: [{name: FPX*, provider: S, purpose: P., duration: 1 year, http_only: true}]}
  - {id: share, services: [youtube]}
`;


const script = `
events = []; errors = [];
addEventListener("error", (e) => { errors.push(e.message); e.preventDefault(); });
document.addEventListener("consentchange", () => { throw new Error("in a listener"); });
document.addEventListener("consentchange", (e) => events.push(e.detail.categories.analytics));
consentry = window.consentry || [];
consentry.push(() => { throw new Error("in a queued call"); }, (c) => { calls = c; c.on("change", () => { throw new Error("in a callback"); }); c.on("change", (choice) => events.push("on " + choice.decided)); },
  (c) => c.decide({ categories: { share: "granted" } }).then((recorded) => { alone = recorded; }));`;

const page = {
  body: `<!doctype html><html lang="en"><head><title>API</title><script>${script}</script><script src="/privacy/gate.js"></script></head><body>
<p id="consentry-text">Text</p><button id="own">Yes</button><script type="text/plain" data-consent="analytics">ran = 1</script>
<script>document.getElementById("own").onclick = () => { decided = consentry.decide({ categories: { analytics: "granted" } }) }</script></body></html>`,
  headers: { "set-cookie": ["FPX_one=1; Path=/; HttpOnly", "FPX_two=1; Path=/; HttpOnly", "session=1; Path=/; HttpOnly"] },
};

describe("the public API", () => {
  const use = {};
  before(async () => { use.site = await startOwnSite({ site: site("known"), page: (path) => (path === "/" ? page : null) }); });
  after(() => use.site?.stop());
  inEveryEngine((newPage) => {
    const visit = async (act) => {
      const page = await newPage({});
      try {
        await page.open(use.site.origin + "/");
        await waitFor(() => page.exists(button("accept-all")), "the banner");
        await act(page, async () => JSON.parse(await page.evaluate(() => JSON.stringify({ events, errors, choice: consentry.decision(), ran: !!window.ran }))));
      } finally {
        await page.close();
      }
    };
    const names = async (page) => (await page.cookies()).map(({ name }) => name).sort();
    /** Waits for the record, whose answer sets and removes cookies; then for what should not come. */
    const recorded = async (page) => {
      await waitFor(async () => (await names(page)).includes("consentry"), "the sealed cookie");
      await new Promise((resolve) => setTimeout(resolve, 500));
    };

    it("answers, tells, decides and withdraws, whatever a page's callbacks throw", () =>
      visit(async (page, read) => {
        let now = await read();
        assert.deepEqual(now, { events: [], errors: now.errors, choice: { decided: false, categories: { analytics: "denied", share: "denied" }, services: { stats: "denied", youtube: "denied" } }, ran: false });
        assert.ok(now.errors[0].includes("in a queued call"), "the page hears of its error");
        assert.deepEqual(await page.evaluate(() => [calls === consentry, consentry.permits("analytics"), consentry.permits("!analytics"), consentry.permits("analytics:stats | necessary"), consentry.permits("nobody")]), [true, false, false, true, false]);

        // Without a click nothing is granted; with one it is, and the rest is denied.
        await waitFor(() => page.evaluate(() => typeof alone !== "undefined"), "the answer to a grant without a click");
        assert.equal(await page.evaluate(() => alone), false);
        await page.click("#own");
        await waitFor(async () => (await read()).ran, "the tag");
        now = await read();
        assert.equal(await page.evaluate(() => decided), true);
        assert.deepEqual([now.choice.decided, now.choice.categories, now.events], [true, { analytics: "granted", share: "denied" }, ["granted", "on true"]]);
        assert.equal(now.errors.filter((text) => text.includes("in a listener")).length, 1);
        assert.equal(now.errors.filter((text) => text.includes("in a callback")).length, 1);

        await page.evaluate(() => { consentry.open(); });
        await waitFor(() => page.exists(button("save")), "the preferences");
        await page.evaluate(() => { sessionStorage.left = "1"; consentry.withdraw(); });
        await waitFor(() => page.evaluate(() => !window.ran && !!window.consentry?.permits), "the reload");
        assert.deepEqual((await read()).choice, { decided: true, categories: { analytics: "denied", share: "denied" }, services: { stats: "denied", youtube: "denied" } });
      }));

    it("a key on a page's own button decides as a click does, before the next frame", () =>
      visit(async (page, read) => {
        await page.evaluate(() => { document.getElementById("own").focus(); });
        await page.press("Enter");
        await waitFor(async () => (await read()).ran, "the tag", 5000);
        assert.equal(await page.evaluate(() => decided), true);
      }));

    it("a refusal removes cookies that no script can, and nobody else's", () =>
      visit(async (page) => {
        assert.deepEqual(await names(page), ["FPX_one", "FPX_two", "session"]);
        await page.click(button("reject-all"));
        await recorded(page);
        assert.deepEqual(await names(page), ["consentry", "consentry_hint", "session"]);
      }));

    it("a grant leaves them", () =>
      visit(async (page) => {
        await page.click(button("accept-all"));
        await recorded(page);
        assert.deepEqual(await names(page), ["FPX_one", "FPX_two", "consentry", "consentry_hint", "session"]);
      }));
  });
});

describe("mode report", () => {
  const use = {};
  const met = `<!doctype html><html lang="en"><head><title>Report</title><script>Math.random = () => 0; waited = []; { const later = setTimeout; setTimeout = (f, ms, ...more) => (waited.push(ms), later(f, ms / 100, ...more)) } document.cookie = "stranger_4711=1"; document.cookie = "ümlaut=1"; localStorage["stranger-deadbeef01"] = 1; sessionStorage.strangerTab = 1; ran = []</script>
<script src="/privacy/gate.js"></script></head><body><script src="//127.0.0.1:1/unmarked.js"></script><script>ran.push(1)</script></body></html>`;
  before(async () => { use.site = await startOwnSite({ site: site("report"), page: (path) => (path === "/" ? { body: met } : null) }); });
  after(() => use.site?.stop());
  inEveryEngine((newPage) => {
    it("sends names without identifiers, which the server takes, and holds nothing", async () => {
      const page = await newPage({});
      try {
        use.site.posts.length = 0;
        await page.open(use.site.origin + "/");
        const sent = await waitFor(() => use.site.posts.find(({ path }) => path === "/privacy/sightings"), "the sighting", 20_000);
        await waitFor(() => sent.status, "its answer");
        assert.equal(sent.status, 204);
        const seen = JSON.parse(sent.body);
        assert.deepEqual(seen.cookies, ["stranger_*"]);
        assert.deepEqual(seen.storage.filter((name) => !name.startsWith("consentry")).sort(), ["stranger-*", "strangerTab"]);
        assert.deepEqual(Object.keys(seen), ["hosts", "cookies", "storage"]);
        assert.doesNotMatch(sent.body, /4711|deadbeef|unmarked/);
        assert.deepEqual(await page.evaluate(() => ran), [1]);
        assert.ok(await page.evaluate(() => waited.includes(9000)), "it lets a page show what it loads; here a second is ten milliseconds");
      } finally {
        await page.close();
      }
    });
  });
});
