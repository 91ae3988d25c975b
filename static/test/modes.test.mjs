// Where Consentry stands on a host of its own: below the site's domain, with cookies that
// both share, or on another domain, where what the visitor holds travels in requests.
import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { inEveryEngine } from "./engines.mjs";
import { startInternet } from "./internet.mjs";
import { waitFor } from "./page.mjs";
import { startOwnSite } from "./site.mjs";
import { button, recorded } from "./visit.mjs";

const site = (id, placed) => () => `
id: ${id}
name: Shop
origins: ["https://www.${id}.example"]
${placed}
gate: known
controller: {name: Shop Ltd, address: "1 Road", contact: a@shop.example}
locales: [en]
categories:
  - {id: analytics, services: [ga4]}
`;

const modes = {
  shop: { name: "on a host below the site's domain", host: "privacy.shop.example", placed: "mode: subdomain\nhost: privacy.shop.example\ncookie: {scope: domain, domain: shop.example}" },
  far: { name: "on a host of another domain", host: "privacy.vendor.example", placed: "mode: remote\nhost: privacy.vendor.example" },
};

const page = (gate) => `<!doctype html><html lang="en"><head><title>Shop</title><script>ran = []</script>${gate}</head><body>
<p>Text</p><a id="settings" href="#consentry-settings">Settings</a><script type="text/plain" data-consent="analytics">ran.push("tag")</script></body></html>`;

describe("Consentry", () => {
  const use = {};
  before(async () => {
    use.program = await startOwnSite({ site: site("shop", modes.shop.placed), more: { far: site("far", modes.far.placed) }, page: () => undefined });
    const tagOf = (...args) => use.program.run("snippet", ...args).match(/^<script .*$/m)[0];
    const frozen = Object.fromEntries(Object.keys(modes).map((id) => [`www.${id}.example`, tagOf(id, "--frozen")]));
    const altered = (tag) => tag.replace(/sha256-./, (start) => (start.endsWith("A") ? "sha256-B" : "sha256-A"));
    const gates = Object.fromEntries(Object.keys(modes).map((id) => [`www.${id}.example`, tagOf(id)]));
    const hosts = Object.values(modes).map(({ host }) => host);
    const heads = { "/": (host) => gates[host], "/frozen": (host) => frozen[host], "/altered": (host) => altered(frozen[host]) };
    use.internet = await startInternet(({ host, path }) => ["text/html", gates[host] && heads[path] ? page(heads[path](host)) : ""], (host) => hosts.includes(host) && use.program.visitors);
  });
  after(async () => { use.internet?.stop(); await use.program?.stop(); });

  inEveryEngine((newPage) => {
    for (const [id, { name, host }] of Object.entries(modes))
      describe(name, () => {
        async function onPage(act) {
          const tab = await newPage();
          try {
            await tab.open(`https://www.${id}.example/`);
            await act(tab);
          } finally {
            await tab.close();
          }
        }
        const ran = (tab) => tab.evaluate(() => ran);
        // A page that is just being left does not always answer.
        const holds = (test) => test().catch(() => false);
        const asked = (tab) => waitFor(() => holds(() => tab.exists(button("accept-all"))), "the banner");
        const answer = async (tab, control) => {
          await asked(tab);
          await tab.click(button(control));
          await recorded(tab);
        };
        const openSettings = async (tab) => {
          await tab.click("#settings");
          await waitFor(() => tab.exists(button("save")), "the preferences");
        };

        it("asks once, opens what is permitted, and takes it back", () =>
          onPage(async (tab) => {
            await asked(tab);
            assert.deepEqual(await ran(tab), []);
            await answer(tab, "accept-all");
            await waitFor(async () => (await ran(tab)).length, "the tag");
            await tab.reload();
            await waitFor(async () => (await ran(tab)).length, "the tag on the next page");
            assert.equal(await tab.exists(button("accept-all")), false, "nobody is asked twice");
            await openSettings(tab);
            await tab.click(button("withdraw"));
            await waitFor(async () => (await ran(tab).catch(() => ["leaving"])).length === 0, "the page without the tag");
            assert.deepEqual(await ran(tab), []);
          }));

        /** Opens the receipt by the preferences' link, and returns the record's number as they tell it. */
        const openReceipt = async (tab) => {
          await openSettings(tab);
          await waitFor(() => tab.exists("[data-slot=receipt] a"), "the receipt's line");
          const { link, record } = await tab.evaluate(() => {
            const search = (root) => root.querySelector("[data-slot=receipt]") ?? [...root.querySelectorAll("*")].map((el) => el.shadowRoot && search(el.shadowRoot)).find(Boolean);
            const line = search(document);
            return { link: line.querySelector("a").href, record: line.querySelector("[data-slot=record]").textContent };
          });
          assert.match(record, /^[\w-]{22}$/);
          assert.ok(link.startsWith(`https://${host}/`), link);
          await follow(tab, link);
          return record;
        };
        const follow = async (tab, link) => {
          await tab.evaluate((to) => { location.href = to; }, link);
          const there = async () => link.startsWith(await tab.evaluate(() => location.origin + location.pathname)) && tab.evaluate(() => document.readyState === "complete");
          await waitFor(() => holds(there), "the page behind the link");
        };
        const linkOf = (tab, selector) => tab.evaluate((at) => document.querySelector(at).href, selector);

        it("shows where the receipt is, from which the choice can be changed", () =>
          onPage(async (tab) => {
            await answer(tab, "accept-all");
            const record = await openReceipt(tab);
            assert.ok((await tab.evaluate(() => document.body.textContent)).includes(record), "the receipt names the record");
            await follow(tab, await linkOf(tab, ".erase > a"));
            const withdrawals = () => use.program.run("export", id, "--format", "ndjson").split('"event":"withdrawn"').length;
            const before = withdrawals();
            const change = id === "far" ? button("withdraw") : "[name=control][value=reject-all]";
            await waitFor(() => tab.exists(change), "where the choice is changed");
            await tab.click(change);
            await waitFor(() => withdrawals() > before, "the withdrawal's record");
            await tab.open(`https://www.${id}.example/`);
            await waitFor(() => tab.evaluate(() => document.readyState === "complete"), "the page");
            assert.deepEqual(await ran(tab), [], "what was withdrawn runs no more");
          }));

        it("has a gate of which browsers run no other byte", () =>
          onPage(async (tab) => {
            await tab.open(`https://www.${id}.example/frozen`);
            await answer(tab, "accept-all");
            await waitFor(async () => (await ran(tab)).length, "the tag");
            await tab.open(`https://www.${id}.example/altered`);
            assert.equal(await tab.evaluate(() => typeof consentry), "undefined");
            assert.deepEqual(await ran(tab), [], "a marked tag waits for a gate");
          }));

        it("asks again whoever has their record erased", () =>
          onPage(async (tab) => {
            await answer(tab, "accept-all");
            await tab.open(`https://www.${id}.example/#consentry-forget`);
            await tab.reload();
            await new Promise((resolve) => setTimeout(resolve, 1000));
            await tab.reload();
            await waitFor(async () => (await ran(tab)).length, "the tag: a link alone makes nobody forget");
            await openReceipt(tab);
            await tab.click(".erase form:not(:has([name])) button");
            await waitFor(() => holds(() => tab.evaluate(() => !!document.querySelector("a.back") && !document.querySelector(".erase"))), "the page that says so");
            await follow(tab, await linkOf(tab, "a.back"));
            await asked(tab);
            assert.deepEqual(await ran(tab), []);
          }));

        it("says on asking again what has changed", () =>
          onPage(async (tab) => {
            await answer(tab, "reject-all");
            use.program.rewrite((text) => text.replace("[ga4]", "[ga4, matomo]"), id);
            try {
              await waitFor(async () => { await tab.reload(); return tab.exists(button("accept-all")); }, "the new question", 30_000);
              await tab.click(button("choose"));
              await waitFor(() => tab.exists("[data-slot=since] li"), "what has changed");
            } finally {
              use.program.rewrite((text) => text.replace("[ga4, matomo]", "[ga4]"), id);
              await waitFor(async () => { await tab.reload(); return !(await tab.exists(button("accept-all"))); }, "the old question", 30_000);
            }
          }));
      });
  }, () => ({ through: use.internet.proxy }));
});
