// What stands where an embed waits: what it says, how it is sized, and what its
// buttons do, on strict pages and with the built program behind them.
import assert from "node:assert/strict";
import { after, afterEach, before, beforeEach, describe, it } from "node:test";
import { inEveryEngine } from "./engines.mjs";
import { waitFor } from "./page.mjs";
import { measure } from "./placeholders/boxes.mjs";
import { calm, count, loaded, noPlaceholder, placeholder, press } from "./placeholders/see.mjs";
import { startSite } from "./placeholders/site.mjs";
import { button } from "./visit.mjs";

const banner = (page) => page.exists(button("accept-all"));
const cookies = async (page) => (await page.cookies()).map(({ name }) => name).sort();

inEveryEngine((newPage, engine) => {
  const use = {};
  before(async () => { use.site = await startSite(); });
  after(async () => { await use.site?.stop(); });
  beforeEach(async () => {
    Object.assign(use.site, { broken: 0, blocked: null });
    for (const list of [use.site.third.asked, use.site.posted, use.site.recorded]) list.length = 0;
    use.page = await newPage({});
  });
  afterEach(async () => { await use.page?.close(); });
  const open = (path) => use.page.open(use.site.origin + path);

  describe("a placeholder", () => {
    it("names the service, says what is sent, and offers twins; nothing is asked of the vendor", async () => {
      const { page, site } = use;
      await open("/en/one");
      const { title, words, failed, buttons, link, more } = await placeholder(page);
      assert.equal(title, "How a kiln is fired");
      assert.equal(words, "This content comes from Film & Söhne <b>. Loading it sends your IP address and the address of this page to Film & Söhne <b>. It may also store data in your browser.");
      assert.deepEqual(buttons.map(({ text }) => text), ["Load once", "Always allow Film & Söhne <b>"]);
      assert.equal(buttons[0].look, buttons[1].look);
      assert.deepEqual([failed, link, more], ["", "", ""]);
      assert.ok(await banner(page));
      assert.deepEqual(await calm(site.third), []);
      assert.deepEqual(site.posted, []);
    });

    it("speaks the page's language, in its direction", async () => {
      const { page } = use;
      await open("/de/one");
      assert.match((await placeholder(page)).words, /^Dieser Inhalt kommt von Film & Söhne <b>\. /);
      await open("/ar/one");
      await placeholder(page);
      const { direction } = await page.evaluate(() => ({ direction: getComputedStyle(document.getElementById("first").previousSibling.shadowRoot.firstElementChild).direction }));
      assert.equal(direction, "rtl");
    });

    it("is not fetched by a page without embeds", async () => {
      const { page } = use;
      await open("/en/none");
      await waitFor(() => banner(page), "the banner");
      await new Promise((resolve) => setTimeout(resolve, 500));
      const fetched = await page.evaluate(() => performance.getEntriesByType("resource").map(({ name }) => name));
      assert.deepEqual(fetched.filter((name) => name.includes("/placeholders/")), []);
    });

    it("takes the very box of what it stands for, however that is sized", async () => {
      const { page } = use;
      const same = (got, want) => got.length === want.length && got.every((n, i) => Math.abs(n - want[i]) < 1);
      for (const width of [1280, 500]) {
        await page.resize(width, 900);
        await open("/bare");
        const bare = await page.evaluate(measure);
        await open("/boxes");
        await waitFor(async () => Object.values(await page.evaluate(measure)).every(({ placed }) => placed), "all placeholders");
        const boxes = await page.evaluate(measure);
        for (const [name, want] of Object.entries(bare)) {
          const got = boxes[name];
          assert.ok(same(got.box, want.box) && same(got.after, want.after) && Math.abs(got.height - want.height) < 1, `${name} at ${width}: ${JSON.stringify(got)}, not ${JSON.stringify(want)}`);
        }
      }
    });

    it("follows its embed to another width of the window", async () => {
      const { page } = use;
      await open("/bare");
      const bare = {};
      const inner = () => page.evaluate(() => innerWidth);
      for (const width of [500, 1280]) {
        const last = await inner();
        await page.resize(width, 900);
        await waitFor(async () => (await inner()) !== last, `a window of ${width}`);
        bare[width] = await page.evaluate(measure);
      }
      await open("/boxes");
      for (const width of [500, 1280]) {
        await page.resize(width, 900);
        await waitFor(async () => {
          const boxes = await page.evaluate(measure);
          return Object.entries(bare[width]).every(([name, { box }]) => boxes[name].placed && boxes[name].box.every((n, i) => Math.abs(n - box[i]) < 1));
        }, `all boxes at ${width}`);
      }
    });
  });

  describe("load once", () => {
    it("is on record first, changes no cookie, keeps the banner, and holds until the next page", async () => {
      const { page, site } = use;
      await open("/en/two");
      await press(page, "load-once");
      await loaded(page);
      await noPlaceholder(page);
      assert.deepEqual(await calm(site.third), ["/film/first"]);
      assert.deepEqual(await cookies(page), []);
      assert.ok(await banner(page));
      await placeholder(page, "second");
      await placeholder(page, "other");
      const record = await site.record();
      assert.deepEqual([record.action.surface, record.action.control, record.action.js], ["placeholder", "load-once", true]);
      assert.deepEqual(record.decisions.find(({ service }) => service), { category: "share", service: "film", status: "granted", scope: "once" });
      await page.reload();
      await placeholder(page);
      assert.deepEqual(await calm(site.third), ["/film/first"]);
      assert.ok(await banner(page));
    });

    it("does not load, and says so, when it cannot be recorded; the same decision is sent again", async () => {
      const { page, site } = use;
      await open("/en/one");
      site.broken = 503;
      await press(page, "load-once");
      await waitFor(async () => (await placeholder(page)).failed, "the message");
      assert.equal((await placeholder(page)).failed, "Your choice could not be saved, so nothing was switched on.");
      assert.deepEqual(await calm(site.third), []);
      site.broken = 0;
      await press(page, "load-once");
      await loaded(page);
      const [first, second] = site.posted;
      assert.equal(first.id, second.id);
    });

    it("is refused to a click that a script made", async () => {
      const { page, site } = use;
      await open("/en/one");
      await placeholder(page);
      await page.evaluate(() => { for (const el of document.getElementById("first").previousSibling.shadowRoot.querySelectorAll("button")) el.click(); });
      assert.deepEqual(await calm(site.third), []);
      assert.deepEqual(site.posted, []);
    });
  });

  describe("always allow", () => {
    it("is kept for that service alone, here and on the next page", async () => {
      const { page, site } = use;
      await open("/en/two");
      await press(page, "allow-service");
      await loaded(page);
      await loaded(page, "second");
      await placeholder(page, "other");
      assert.deepEqual((await calm(site.third)).sort(), ["/film/first", "/film/second"]);
      const hint = await page.evaluate(() => document.cookie);
      assert.match(hint, /share~d~[\w-]+\.film~g/);
      assert.equal((await site.record()).action.control, "allow-service");
      await page.reload();
      await loaded(page);
      await placeholder(page, "other");
      assert.deepEqual((await calm(site.third)).sort(), ["/film/first", "/film/first", "/film/second", "/film/second"]);
      assert.equal(await count(page), 1);
    });

    it("lets a copy of what it opened go where its page sends it", async () => {
      const { page, site } = use;
      await open("/en/two");
      await press(page, "allow-service");
      await loaded(page);
      await loaded(page, "second");
      await page.evaluate((host) => {
        const copy = document.getElementById("first").cloneNode();
        Object.assign(copy, { id: "copy", src: `http://${host}/film/copy` });
        document.querySelector("main").append(copy);
      }, site.third.host);
      assert.deepEqual((await calm(site.third)).sort(), ["/film/copy", "/film/first", "/film/second"]);
      assert.match(await page.evaluate(() => document.getElementById("copy").src), /copy$/);
    });

    it("does not load when it cannot be recorded", async () => {
      const { page, site } = use;
      await open("/en/one");
      site.broken = 500;
      await press(page, "allow-service");
      await waitFor(async () => (await placeholder(page)).failed, "the message");
      assert.deepEqual([await calm(site.third), await cookies(page)], [[], []]);
    });

    it("comes after a refusal that waits for its record", async () => {
      const { page, site } = use;
      await open("/en/one");
      await placeholder(page);
      site.broken = 503;
      await page.click(button("reject-all"));
      await waitFor(() => site.posted.length === 1, "the refusal");
      site.broken = 0;
      await press(page, "allow-service");
      await loaded(page);
      assert.deepEqual(site.posted.map(({ control }) => control), ["reject-all", "reject-all", "allow-service"]);
      await page.reload();
      await loaded(page);
    });
  });

  describe("without the banner", () => {
    async function bothWork({ page, site }) {
      assert.equal(await banner(page), false);
      await press(page, "more", "other");
      await press(page, "load-once", "other");
      await loaded(page, "other");
      await press(page, "allow-service");
      await loaded(page, "second");
      assert.deepEqual((await calm(site.third)).sort(), ["/film/first", "/film/second", "/map/1"]);
    }

    it("both buttons work where its script was blocked", async () => {
      use.site.blocked = /\/banner\//;
      await open("/en/two");
      await bothWork(use);
    });

    it("both buttons work where it was hidden", async () => {
      const { page } = use;
      await open("/en/two");
      await waitFor(() => banner(page), "the banner");
      await page.evaluate(() => { for (const el of document.body.children) el.shadowRoot?.querySelector("section")?.remove(); });
      await bothWork(use);
    });
  });

  describe("the keyboard", () => {
    it("reaches every control and goes on in what was loaded", async () => {
      const { page, site } = use;
      await open("/en/one");
      await placeholder(page);
      const focused = () => page.evaluate(() => { let el = document.activeElement; while (el.shadowRoot?.activeElement) el = el.shadowRoot.activeElement; return el.dataset.do ?? el.localName; });
      const seen = [];
      for (let i = 0; i < 12 && seen.at(-1) !== "allow-service"; i++) {
        await page.press("Tab");
        seen.push(await focused());
      }
      assert.ok(seen.includes("load-once") && seen.includes("allow-service"), seen.join());
      await page.press("Enter");
      await loaded(page);
      assert.deepEqual(await calm(site.third), ["/film/first"]);
      assert.equal(await page.evaluate(() => document.activeElement.id), "first");
    });

    it("opens what has no room for its words, and closes it again", async () => {
      const { page, site } = use;
      await open("/en/small");
      assert.equal((await placeholder(page)).more, "Film & Söhne <b>");
      const shown = async () => (await placeholder(page)).words !== "";
      assert.equal(await shown(), false);
      await press(page, "more");
      await waitFor(shown, "the words");
      await page.press("Escape");
      await waitFor(async () => !(await shown()), "the words to go");
      await press(page, "more");
      await press(page, "load-once");
      await loaded(page);
      assert.deepEqual(await calm(site.third), ["/film/first"]);
    });
  });

  describe("an embed that is marked with its category alone", () => {
    it("is told by its host, and loads its service", async () => {
      const { page, site } = use;
      await open("/en/category");
      assert.match((await placeholder(page)).words, new RegExp(`^This content comes from ${site.third.host}\\.`));
      await press(page, "load-once");
      await loaded(page);
      assert.deepEqual(Object.keys(site.posted[0].services), ["map"]);
      assert.deepEqual(await calm(site.third), ["/map/1"]);
    });

    it("loads on later pages, too, when its service was allowed for good", async () => {
      const { page, site } = use;
      await open("/en/category");
      await press(page, "allow-service");
      await loaded(page);
      await page.reload();
      await loaded(page);
      await placeholder(page, "nobody");
      assert.deepEqual(await calm(site.third), ["/map/1", "/map/1"]);
    });

    it("has the preferences opened where nobody knows its service", async () => {
      const { page, site } = use;
      await open("/en/category");
      await press(page, "load-once", "nobody");
      await waitFor(() => page.exists(button("save")), "the preferences");
      assert.deepEqual([site.posted, await calm(site.third)], [[], []]);
    });
  });

  if (engine === "chromium")
    it("shifts nothing, when it comes and when it goes", async () => {
      const { page } = use;
      await open("/en/two");
      await page.evaluate(() => { self.shifts = []; new PerformanceObserver((list) => shifts.push(...list.getEntries().map(({ value, sources }) => `${value} ${sources.map(({ node }) => node?.id || node?.nodeName)}`))).observe({ type: "layout-shift", buffered: true }); });
      await placeholder(page);
      await press(page, "load-once");
      await loaded(page);
      await press(page, "allow-service", "second");
      await loaded(page, "second");
      await new Promise((resolve) => setTimeout(resolve, 1000));
      assert.deepEqual(await page.evaluate(() => shifts), []);
    });
});
