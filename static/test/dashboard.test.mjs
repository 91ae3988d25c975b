// The dashboard in browsers: its door, every page that anything leads to, filters
// whose state is the address and which change a part of the page, charts that say what
// their tables say, the live view, the keyboard, and all of it without JavaScript.
import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { clean } from "./ability.mjs";
import { chartAndTable, complains, everyPage, misplaced, painted, startDesk, visitors } from "./desk.mjs";
import { inEveryEngine } from "./engines.mjs";
import { password } from "./owner.mjs";
import { waitFor } from "./page.mjs";
import { startOwnSite } from "./site.mjs";

const today = new Date().toISOString().slice(0, 10);
const siteFile = (id, host, more) => (origin) => `
id: ${id}
name: ${id === "shop" ? "Kiln & Leaf" : "Café"}
origins: ["${origin.replace("localhost", host)}"]
controller: {name: Shop Ltd, address: "1 Road", contact: a@shop.example}
locales: [en, de]
counting: {smallest: 1, page_groups: [{id: goods, paths: [/goods/*]}]}
categories:
  - {id: analytics, services: [ga4]}
  - {id: share, services: [youtube]}
${more}`;
const experiment = `experiment: {id: plain-card, start: ${today}, variant: {layout: card, texts: {en: {heading: Your choice here}}}}`;

// The looks in which an engine sees every page. Chromium's pages are told what the
// system asks for; WebKit is started on one that asks for dark colours.
const [light, dark] = ["light", "dark"].map((scheme) => ({ "prefers-color-scheme": scheme }));
const looks = {
  chromium: [{ width: 320, media: light }, { width: 320, media: dark }, { width: 1280, media: dark }, { width: 1280, media: light }],
  firefox: [{ width: 1280 }],
  webkit: [{ width: 320 }],
};
/** Some that must be among the pages that are met. */
const known = ["/admin/requests", "/admin/records", "/admin/state", "/admin/access", "/admin/password", "/admin/sites/shop/experiment", "/admin/sites/shop/audit",
  ...["shop", "cafe"].flatMap((id) => [`/admin/sites/${id}`, `/admin/sites/${id}/studio`])];

inEveryEngine((newPage, engine) => {
  describe("the dashboard", () => {
    const use = {};
    before(async () => {
      use.site = await startOwnSite({ site: siteFile("shop", "localhost", experiment), more: { cafe: siteFile("cafe", "127.0.0.1", "gate: report\n") }, page: () => null });
      use.desk = await startDesk(use.site.operators);
      use.visitors = await visitors(use.site);
      await complains(use.site, use.visitors.receipt);
      use.newPage = newPage;
      use.page = await newPage({});
    });
    after(async () => {
      await use.page?.close();
      await use.desk?.stop();
      await use.site?.stop();
    });

    const open = (path) => use.page.open(use.desk.origin + path);
    const arrive = (path) => waitFor(async () => new URL(await use.page.url()).pathname === path, path);
    const text = (selector) => use.page.evaluate((selector) => document.querySelector(selector)?.innerText.trim(), selector);
    const fill = async (selector, value) => {
      await use.page.click(selector);
      await use.page.type(value);
    };
    /** The page as it stands is right in every look. */
    const right = async (what) => {
      for (const { width, media } of looks[engine]) {
        await use.page.resize(width, 900);
        if (use.page.media) await use.page.media(media);
        const look = `${what}, ${width} pixels, ${JSON.stringify(media ?? {})}`;
        assert.deepEqual(await use.page.evaluate(misplaced), [], look);
        if (engine === "chromium") await clean(use.page, look); // the document is the same in the others
      }
    };

    const logIn = async (page) => {
      for (const [selector, value] of [["#username", "admin"], ["#password", password]]) {
        await page.click(selector);
        await page.type(value);
      }
      await page.click("form button");
      await waitFor(async () => new URL(await page.url()).pathname === "/admin/", "the dashboard");
    };

    it("opens by the link that the first start prints, then by name and password", async () => {
      await open(new URL(use.site.link).pathname);
      await right("the set-up link");
      await fill("#password", password);
      await fill("#again", password);
      await use.page.click("form button");
      await arrive("/admin/");
      await use.page.click('form[action="/admin/logout"] button');
      await arrive("/admin/login");
      await right("the login");
      await logIn(use.page);
    });

    it("has no page that somebody cannot use, or that its own policy keeps from anything", { timeout: 300_000 }, async () => {
      const { page, desk } = use;
      const wrong = [];
      const met = await everyPage(page, desk.origin, async (path) => {
        await page.evaluate(() => { for (const el of document.querySelectorAll("details")) el.open = true; });
        await right(path).catch((error) => wrong.push(error.message));
      });
      assert.deepEqual(wrong, []);
      const without = met.map((path) => path.split("?")[0]);
      assert.deepEqual(known.filter((path) => !without.includes(path)), [], `not met among ${met.join(" ")}`);
      assert.ok(met.some((path) => path.startsWith("/admin/records?q=")), "a record");
      assert.deepEqual(desk.violations, []);
      const knock = /^Error: Failed to execute .postMessage./; // axe, at the frame of the preview, which is sealed
      assert.deepEqual((page.complaints ?? []).filter((one) => !knock.test(one)), []);
      // What this rests on: another host would have been refused, and that reported.
      await page.evaluate(() => { new Image().src = "http://127.0.0.1:9/"; });
      await waitFor(() => desk.violations.some((one) => one.includes("http://127.0.0.1:9")), "a violation to be reported");
    });

    it("is filtered by its address, and changes a part of the page alone", async () => {
      const { page } = use;
      await page.resize(1280, 900);
      const same = async (what) => assert.equal(await page.evaluate(() => window.opened), "once", what);
      const asks = async (selector, search) => {
        await page.click(selector);
        await waitFor(async () => new URL(await page.url()).search === search, search);
      };
      const reads = (selector, pattern) => waitFor(async () => pattern.test(await text(selector)), `${selector} to read ${pattern}`);
      await open("/admin/sites/shop");
      await reads(".figures .shown b", /^7$/);
      await page.evaluate(() => { window.opened = "once"; scrollTo(0, 60); document.querySelector('a[href="?days=7"]').focus({ preventScroll: true }); });
      await page.press("Enter");
      await waitFor(async () => new URL(await page.url()).search === "?days=7", "?days=7");
      await reads(".picker [aria-current]", /^7 days$/);
      assert.deepEqual(await page.evaluate(() => [scrollY, document.activeElement.innerText]), [60, "7 days"], "place and focus are kept");
      await waitFor(async () => /^Kiln & Leaf – Consentry: .* days in /.test(await text("#said")), "what is shown now to be said");
      await reads(".picker [aria-current]", /^7 days$/);
      await asks('.against a[href*="compare=before"]', "?days=7&compare=before");
      await reads("#compare", /^What changed since /);
      await asks('a[href^="?days=90"]', "?days=90&compare=before");
      await reads(".picker [aria-current]", /^90 days$/);
      await asks('.against a[href*="compare=year"]', "?days=90&compare=year");
      await reads('[aria-labelledby="compare"] > p', /^Nothing was counted in that period/);
      await page.click(".against summary");
      await page.click(".against form button");
      await waitFor(async () => /^\?days=90&compare=own&against_from=[\d-]{10}&against_to=[\d-]{10}$/.test(new URL(await page.url()).search), "own dates in the address");
      await reads("#compare", /^What changed since /);
      await asks('.against a[href="?days=90"]', "?days=90"); // the comparison ends
      await asks('a[href*="by=country&value=DE"]', "?days=90&by=country&value=DE");
      await reads(".figures .shown b", /^3$/);
      await page.back();
      await reads(".figures .shown b", /^7$/);
      await waitFor(() => page.exists("[data-chart] canvas"), "the charts of what was shown before");
      await same("the way back");
      await asks('a[href*="kind=first"]', "?days=90&kind=first");
      await page.click(".picker summary");
      await page.click(".picker form button");
      await waitFor(async () => /^\?from=[\d-]{10}&to=[\d-]{10}&kind=first$/.test(new URL(await page.url()).search), "the dates in the address, beside what else was there");
      await same("every filter");
      assert.deepEqual(await page.evaluate(() => [Object.keys(sessionStorage).filter((key) => !/current-path/.test(key)), localStorage.length]), [[], 0], "nothing of it stays in the browser");
    });

    it("has its figures on the first screen of a phone, and what narrows them one step away", async () => {
      const { page } = use;
      const onTheFirst = (selector) => page.evaluate((selector) => [...document.querySelectorAll(selector)].filter((el) => el.checkVisibility() && el.getBoundingClientRect().bottom <= 740).length, selector);
      for (const [path, figures, many] of [["/admin/", ".site-bar, .site-total", 2], ["/admin/sites/shop", ".figures.seven b", 7]]) {
        await page.resize(360, 740);
        await open(path);
        assert.equal(await onTheFirst(figures), many, path);
        assert.deepEqual(await page.evaluate(misplaced), [], path);
        await page.click(".filters > summary");
        assert.ok(await onTheFirst(".filters .presets a") >= 4, path);
        assert.deepEqual(await page.evaluate(misplaced), [], `${path}, its filters open`);
        await page.evaluate(() => document.querySelector('a[href="?days=7"]').focus());
        await page.press("Enter");
        await waitFor(async () => new URL(await page.url()).search === "?days=7", "?days=7");
        await waitFor(() => page.evaluate(() => document.activeElement.matches(".filters:not([open]) > summary")), "the focus on what opens them");
        assert.equal(await onTheFirst(figures), many, `${path}, of another period`);
        await page.resize(768, 900);
        await open(path);
        assert.ok(await page.evaluate(() => !document.querySelector(".filters").open && [...document.querySelectorAll(".filters .presets a")].every((el) => el.checkVisibility({ contentVisibilityAuto: true }) && el.offsetHeight > 0)), `${path}: a wide screen has its filters at hand`);
      }
      assert.match(await page.evaluate(() => fetch("/admin/").then((answer) => answer.text())), /href="#needs">\d things? needs? you</, "what waits is said above the figures");
    });

    it("says on paper what it is filtered by", async () => {
      const { page } = use;
      if (!page.media) return; // no paper there
      for (const [query, says] of [["by=country&value=DE", /^Only country: Germany/], ["kind=first&layout=bar", /^Only first time asked, layout: bar$/]]) {
        await open(`/admin/sites/shop?days=7&${query}`);
        await page.media(light, "print");
        const seen = () => page.evaluate(() => [...document.querySelectorAll("main .period")].filter((el) => el.checkVisibility()).map((el) => el.innerText.trim()));
        assert.match((await seen())[1] ?? "", says);
        assert.match(await page.evaluate(() => document.title), /^Kiln & Leaf, only /);
        assert.deepEqual(await page.evaluate(() => [...document.querySelectorAll("a.preview, .only a, .presets a")].filter((el) => el.checkVisibility()).length), 0, "what leads on");
        await page.media(light);
      }
      await open("/admin/sites/shop?days=7&compare=before");
      await page.media(light, "print");
      const larger = () => {
        const size = (el) => parseFloat(getComputedStyle(el).fontSize);
        return [...document.querySelectorAll("table .small")].filter((el) => size(el) > size(el.parentElement)).map((el) => el.innerText);
      };
      assert.deepEqual(await page.evaluate(larger), [], "remarks larger than what they are about");
      await page.media(light);
    });

    it("has charts whose cursor reads what the tables say", async () => {
      const { page } = use;
      await page.resize(1280, 900);
      await open("/admin/sites/shop?days=7&compare=before");
      await waitFor(() => page.exists("[data-chart] canvas"), "the charts");
      const plots = await page.evaluate(() => document.querySelectorAll("[data-chart]").length);
      assert.equal(plots, 4); // shares, numbers, and a rate for each of two categories
      for (const [chart, name] of [["shares", "chosen"], ["steps", "accepted"], ["steps", "rejected"], ["categories", "accepted"]])
        await waitFor(async () => (await page.evaluate(painted, `[aria-labelledby="${chart}"] canvas`, name)) > 5, `${chart} to show ${name}`);
      await page.click('[aria-labelledby="steps"] .u-over');
      for (const key of ["End", "ArrowLeft", "Home", "ArrowRight"]) {
        await page.press(key);
        const { chart, table, spoken, others } = await page.evaluate(chartAndTable);
        assert.deepEqual(chart, table, key);
        assert.ok(table.length === 4 && chart.every(([name, figure]) => spoken.includes(`${name} ${figure}`)), `${key}: ${spoken}`);
        assert.ok(others, `${key}: the other charts point at another day`);
      }
      await page.press("End");
      const { table } = await page.evaluate(chartAndTable);
      assert.deepEqual(table, [["Accepted", "2"], ["Chosen", "1"], ["Rejected", "2"], ["Ignored", "2"]]);
    });

    it("has charts that follow the window and the colours of the system", async () => {
      const { page } = use;
      const wide = () => page.evaluate(() => [...document.querySelectorAll("[data-chart]")].every((host) => Math.abs(host.querySelector("canvas").clientWidth - host.clientWidth) <= 1));
      for (const width of [320, 1280]) {
        await page.resize(width, 900);
        await waitFor(wide, `charts as wide as their panels in ${width} pixels`);
        assert.deepEqual(await page.evaluate(misplaced), []);
      }
      if (!page.media) return; // the others are started in one scheme
      const colour = () => page.evaluate(() => getComputedStyle(document.documentElement).getPropertyValue("--accepted"));
      await page.media(light);
      const before = await colour();
      await page.media(dark);
      assert.notEqual(await colour(), before);
      await waitFor(async () => (await page.evaluate(painted, '[aria-labelledby="steps"] canvas', "accepted")) > 5, "the bars in the colours of the night");
      await page.media(light);
    });

    it("leads to the door when the session is over, and not a part of the page", async () => {
      const { page } = use;
      await open("/admin/sites/shop?days=30");
      await page.evaluate(() => { // as another tab would
        const leave = new XMLHttpRequest();
        leave.open("POST", "/admin/logout", false);
        leave.setRequestHeader("content-type", "application/x-www-form-urlencoded");
        leave.send("");
      });
      await page.click('a[href="?days=7"]');
      await arrive("/admin/login");
      assert.ok(await page.exists("body.door"));
      await logIn(page);
    });

    it("follows the hour at hand by itself, until it is told to pause", async () => {
      const { page } = use;
      await open("/admin/sites/shop");
      await page.click('a[href="?days=7"]');
      await waitFor(async () => new URL(await page.url()).search === "?days=7", "another period");
      await waitFor(async () => (await text("[data-state]")) === "Updates by itself.", "the live view");
      const read = () => page.evaluate(() => ["since", "hour.shown"].map((name) => document.querySelector(`[data-figure="${name}"]`).textContent));
      const [since, shown] = await read();
      await use.visitors.shown();
      await waitFor(async () => { const [hour, now] = await read(); return hour === since ? +now > +shown : +now > 0; }, "one more banner");
      await page.click(".live button");
      assert.equal(await text("[data-state]"), "Paused.");
    });

    it("is worked by the keyboard, from the link past the header on", async () => {
      const { page } = use;
      await page.resize(320, 900);
      await open("/admin/sites/cafe");
      const at = () => page.evaluate(() => document.activeElement.innerText?.trim());
      const order = await page.evaluate(() => [...document.querySelectorAll(".skip, header a, header button")].map((el) => el.innerText.trim()));
      for (const name of order) {
        await page.press("Tab");
        assert.equal(await at(), name);
      }
      await open("/admin/sites/cafe");
      await page.press("Tab");
      // WebKit's window is not the active one here, and :focus styles nothing in it.
      if (engine !== "webkit") assert.ok(await page.evaluate(() => document.activeElement.getBoundingClientRect().top >= 0), "what skips is seen while it has the focus");
      await page.press("Enter");
      await waitFor(async () => (await page.url()).endsWith("#main"), "the content");
      await page.press("Tab");
      assert.ok(await page.evaluate(() => document.querySelector("main").contains(document.activeElement)));
    });

    it("is the same with tables alone where no script runs", async () => {
      await use.page.close(); // WebKit has one at a time
      const page = use.page = await use.newPage({ javascript: false });
      await page.open(`${use.desk.origin}/admin/login`);
      await logIn(page);
      await page.open(`${use.desk.origin}/admin/sites/shop`);
      await page.click('a[href="?days=7"]');
      await waitFor(async () => new URL(await page.url()).search === "?days=7", "the filter");
      await waitFor(() => page.exists('table[data-figures="rates"]'), "the table");
      const shown = await page.evaluate(() => [...document.querySelectorAll(".drawn,table[data-figures]")].map((el) => [el.localName, el.checkVisibility()]));
      assert.deepEqual(shown.filter(([name, seen]) => seen !== (name === "table")), []);
      assert.equal(shown.length, 4 + 2);
    });
  });
}, (engine) => ({ dark: engine === "webkit" }));
