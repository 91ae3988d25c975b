// Visitors in real browsers give exactly the figures that one gets by hand, on both
// stores: repeats, questions asked anew, programs, Global Privacy Control,
// withdrawals, and a midnight at which one site's clock is put forward and another's
// back. Browsers that are driven say so and count as programs; people are visitors
// in a Chromium that is told not to.
import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { launchers } from "./engines.mjs";
import { becomeOwner } from "./owner.mjs";
import { waitFor } from "./page.mjs";
import { missing as noRedis, startRedis } from "./redis.mjs";
import { startOwnSite } from "./site.mjs";
import { button, recorded } from "./visit.mjs";
import { writeZone } from "./zone.mjs";

const drivers = Object.entries(launchers).filter(([, engine]) => !engine.missing());
const skip = drivers.some(([name]) => name === "chromium") ? false : "visitors come in Chromium";

const siteFile = (id, host) => (origin) => `
id: ${id}
name: Shop
origins: ["${origin.replace("localhost", host)}"]
controller: {name: Shop Ltd, address: "1 Road", contact: a@shop.example}
locales: [en, de]
counting:
  time_zone: Test/Evening
  smallest: 1
  sample: 1
  page_groups: [{id: goods, paths: [/goods/*]}]
categories:
  - {id: analytics, services: [ga4]}
  - {id: share, services: [youtube]}
`;

const html = (lang, body = "") => ({ body: `<!doctype html><html lang="${lang}"><head><title>Shop</title><script src="/privacy/gate.js"></script></head><body><p>Text</p>${body}
<a id="settings" href="#consentry-settings">Settings</a></body></html>` });
const film = '<iframe title="Film" width="560" height="315" data-consent="youtube" data-src="/film"></iframe>';
const pages = { "/about": html("en"), "/ueber": html("de"), "/goods/teapot": html("en", film), "/film": { body: "<!doctype html><title>Film</title>" } };

const phone = "Mozilla/5.0 (iPhone; CPU iPhone OS 19_0 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/19.0 Mobile/15E148 Safari/604.1";
// A Chromium without a window calls itself HeadlessChrome, which is a program.
const desktop = "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/156.0.0.0 Safari/537.36";
const googlebot = "Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)";

const day = new Date().toISOString().slice(0, 10);
const midnight = Date.parse(day) / 1000 + 86_400; // after day, in a zone without offset
const morrow = new Date(midnight * 1000).toISOString().slice(0, 10);
const now = () => Math.floor(Date.now() / 1000);

/** Somebody with a browser of their own; resolves to what they can do. */
async function visitor(use, browser, country, options) {
  const { site } = use;
  const page = await browser.newPage(options);
  use.opened.push(page);
  const posted = (path) => site.posts.filter((post) => post.path.split("?")[0] === `/privacy/${path}` && post.status < 300).length;
  /** Acts, and waits until that has posted to the path once more. */
  const posting = async (path, act) => {
    site.visitor = { "x-country": country };
    const before = posted(path);
    await act();
    await waitFor(() => posted(path) > before, `a post to ${path}`);
    if (path === "decisions" && options?.javascript !== false) await recorded(page);
  };
  const it = {
    page,
    opens: (path, host = "localhost") => {
      site.visitor = { "x-country": country };
      return page.open(site.origin.replace("localhost", host) + path);
    },
    /** Is asked, and takes longer to read it than a program would. */
    asked: async (path, host) => {
      await posting("impressions", () => it.opens(path, host));
      await new Promise((resolve) => setTimeout(resolve, 300));
    },
    /** Comes to a page that has nothing to ask, of which this site counts every one. */
    repeats: (path) => posting("unasked", () => it.opens(path)),
    decides: (control) => posting("decisions", () => page.click(button(control))),
    settings: () => page.click("#settings"),
    posting,
  };
  return it;
}

/** The evening of the first day. What each visitor adds to the figures stands behind it. */
async function evening(use) {
  const person = (country, options) => visitor(use, use.people, country, { agent: desktop, ...options });
  const anna = await person("DE", { agent: phone });
  await anna.asked("/goods/teapot"); // shown; she answers after midnight
  const bea = await person("DE");
  await bea.asked("/about"); // shown
  await bea.decides("accept-all"); // accepted
  await bea.repeats("/about"); // unasked
  await bea.repeats("/goods/teapot"); // unasked
  const ben = await person("FR");
  await ben.asked("/about"); // shown
  await ben.decides("reject-all"); // rejected
  const carl = await person("DE", { agent: phone });
  await carl.asked("/goods/teapot"); // shown
  await carl.page.click(button("choose"));
  await carl.page.click('input[data-category="analytics"]');
  await carl.decides("save"); // chosen: analytics alone
  const dora = await person("DE");
  await dora.asked("/about"); // shown, ignored
  await dora.asked("/goods/teapot"); // shown, ignored
  await dora.decides("load-once"); // loaded once
  const emil = await person("DE");
  await emil.page.signal();
  await emil.asked("/about"); // shown
  await emil.decides("reject-all"); // rejected
  const fay = await person("FR");
  await fay.asked("/ueber"); // shown
  await fay.decides("accept-all"); // accepted
  await fay.settings();
  await fay.decides("withdraw"); // withdrawn
  const gil = await person("DE");
  await gil.asked("/ueber"); // shown, ignored, for the click is a script's
  await gil.posting("decisions", () => gil.page.evaluate(() => [...document.querySelectorAll("*")].find((el) => el.shadowRoot?.querySelector("[data-do=reject-all]")).shadowRoot.querySelector("[data-do=reject-all]").click())); // automated
  await (await person("DE", { agent: googlebot })).asked("/about"); // automated
  for (const driven of use.driven) { // each: automated, and thrice so
    const program = await visitor(use, driven, "DE");
    await program.asked("/about");
    await program.decides("accept-all");
    await program.repeats("/about");
  }
  const hugo = await person("DE", { javascript: false });
  await hugo.opens("/privacy/choices");
  await hugo.page.click('button[value="accept-all"]'); // accepted elsewhere
  await waitFor(async () => (await hugo.page.cookies()).length > 0, "the choice without JavaScript");
  const otto = await person("DE");
  await otto.asked("/about", "127.0.0.1"); // at the other site: shown
  return { anna, bea, ben, carl, otto };
}

/** Midnight comes two seconds after both sites have been told of it. */
async function midnightComes({ site, zones, owner }) {
  const at = now() + 2;
  writeZone(zones, "Forward", { offset: midnight - at, at, further: 3600 }); // from 0:00 to 1:00, as in Beirut
  writeZone(zones, "Back", { offset: midnight - at, at, further: -3600 }); // from 0:00 to 23:00, as in Havana once more
  site.rewrite((text) => text.replace("Test/Evening", "Test/Forward"));
  site.rewrite((text) => text.replace("Test/Evening", "Test/Back"), "cafe");
  await waitFor(async () => (await owner.api("/sites")).sites.every(({ time_zone: zone }) => /Forward|Back/.test(zone)), "the zones to be known");
  await waitFor(() => now() >= at, "midnight");
}

/** What they do after midnight: on the second day, and at the other site still on the first. */
async function night({ site }, { anna, bea, ben, carl, otto }) {
  await otto.decides("accept-all"); // at the other site: accepted
  await anna.decides("accept-all"); // accepted
  await ben.settings();
  await ben.decides("save"); // confirmed
  await bea.page.signal();
  await bea.posting("decisions", () => bea.repeats("/about")); // unasked, and by her browser's signal
  const gate = async () => (await fetch(`${site.origin}/privacy/gate.js`)).text();
  const old = await gate();
  site.rewrite((text) => text.replace("[youtube]", "[youtube, vimeo]"));
  await waitFor(async () => (await gate()) !== old, "the changed notice");
  await carl.asked("/goods/teapot"); // shown again
  await carl.decides("accept-all"); // accepted
  await ben.asked("/about"); // shown again, ignored
}

// Pages that had nothing to ask, each of which is counted: the interval of what is
// exact is that number itself, and of nothing there is none.
const unasked = (people, programs) => ({
  unasked_pages_estimated: people, unasked_pages_low: people || null, unasked_pages_high: people || null,
  automated_unasked_pages_estimated: programs, automated_unasked_pages_low: programs || null, automated_unasked_pages_high: programs || null,
});
const nothing = {
  shown: 0, accepted: 0, chosen: 0, rejected: 0, ignored: 0, elsewhere: 0, confirmed: 0, withdrawn: 0, widened: 0, of_one: 0, loaded_once: 0,
  first_decisions: 0, decisions: 0, by_signal: 0, automated_banners: 0, automated_decisions: 0,
  ...unasked(0, 0), categories: {}, services: {},
};
const split = (granted, denied) => ({ granted, denied });

// By hand, from what stands behind each step.
const first = {
  ...nothing,
  shown: 9, // anna, bea, ben, carl, dora twice, emil, fay, gil
  accepted: 2, // bea, fay
  chosen: 1, // carl
  rejected: 2, // ben, emil
  ignored: 9 - 2 - 1 - 2, // anna as yet, dora twice, gil
  elsewhere: 1, // hugo
  withdrawn: 1, // fay
  loaded_once: 1, // dora
  first_decisions: 2 + 1 + 2 + 1, // bea, fay, carl, ben, emil, hugo
  decisions: 6 + 1 + 1, // the first ones, fay's withdrawal, dora's load
  automated_banners: 1 + drivers.length, // the known bot, and each driven browser
  automated_decisions: 1 + drivers.length, // the script's click, and each driven browser
  ...unasked(2, drivers.length), // bea, and each driven browser
  categories: { analytics: split(4, 2), share: split(3, 3) }, // bea, fay, hugo and, of analytics, carl; ben, emil and, of share, carl
  services: { ga4: split(4, 2), youtube: split(3, 3) },
};
const second = {
  ...nothing,
  shown: 2, // carl, ben
  accepted: 2, // anna, carl
  ignored: 0, // ben, but anna was asked the day before
  confirmed: 1, // ben
  first_decisions: 1, // anna
  decisions: 1 + 1 + 1, // anna, ben, carl
  by_signal: 1, // bea
  ...unasked(1, 0), // bea
  categories: { analytics: split(2, 0), share: split(2, 0) }, // anna, carl
  services: { ga4: split(2, 0), youtube: split(2, 0), vimeo: split(1, 0) }, // vimeo: carl alone, anna was not asked about it
};
const total = {
  ...nothing,
  shown: 9 + 2, accepted: 2 + 2, chosen: 1, rejected: 2,
  ignored: 11 - 4 - 1 - 2, // dora twice, gil, ben
  elsewhere: 1, confirmed: 1, withdrawn: 1, loaded_once: 1,
  first_decisions: 6 + 1, decisions: 8 + 3, by_signal: 1,
  automated_banners: 1 + drivers.length, automated_decisions: 1 + drivers.length,
  ...unasked(2 + 1, drivers.length),
  categories: { analytics: split(4 + 2, 2), share: split(3 + 2, 3) },
  services: { ga4: split(4 + 2, 2), youtube: split(3 + 2, 3), vimeo: split(1, 0) },
};
/** A breakdown's row: of its answers so many permit analytics, and so many share buttons. */
const row = (value, shown, accepted, chosen, rejected, ignored, analytics, share) => {
  const permit = (granted) => split(granted, accepted + chosen + rejected - granted);
  return { value, values: 1, shown, accepted, chosen, rejected, ignored, categories: { analytics: permit(analytics), share: permit(share) }, withheld: [] };
};
const breakdowns = {
  country: [row("DE", 8, 3, 1, 1, 3, 4, 3), row("FR", 3, 1, 0, 1, 1, 1, 1)], // France: ben twice, fay
  locale: [row("en", 9, 3, 1, 2, 3, 4, 3), row("de", 2, 1, 0, 0, 1, 1, 1)], // German: fay, gil
  device: [row("desktop", 8, 2, 0, 2, 4, 2, 2), row("phone", 3, 2, 1, 0, 0, 3, 2)], // phones: anna, carl twice
  group: [row("other", 7, 2, 0, 2, 3, 2, 2), row("goods", 4, 2, 1, 0, 1, 3, 2)], // goods: anna, carl twice, dora once
  gpc: [row("no", 10, 4, 1, 1, 4, 5, 4), row("yes", 1, 0, 0, 1, 0, 0, 0)], // yes: emil
};
const cafe = {
  ...nothing, shown: 1, accepted: 1, first_decisions: 1, decisions: 1, // otto, before and after the clock was put back, on one day
  categories: { analytics: split(1, 0), share: split(1, 0) }, services: { ga4: split(1, 0), youtube: split(1, 0) },
};

/** Reads until it is what is expected; the store may hold counters back for a second. */
async function figures(read, expected, what) {
  let got;
  await waitFor(async () => { try { assert.deepEqual(got = await read(), expected); return true; } catch (error) { if (error.code !== "ERR_ASSERTION") throw error; } }, what, 5_000).catch(() => {}); // the difference says more
  assert.deepEqual(got, expected, what);
}

async function check({ owner }) {
  const rates = async (site) => {
    const { days, total } = await owner.api(`/sites/${site}/rates?days=7`);
    return { days: Object.fromEntries(days.filter((one) => one.decisions + one.shown > 0).map(({ date, ...tally }) => [date, tally])), total };
  };
  await figures(() => rates("shop"), { days: { [day]: first, [morrow]: second }, total }, "the shop's figures");
  await figures(() => rates("cafe"), { days: { [day]: cafe }, total: cafe }, "the café's figures");
  const apart = async () => Object.fromEntries((await owner.api("/sites/shop/breakdowns?days=7")).breakdowns.map(({ by, rows }) => [by, rows]));
  await figures(apart, breakdowns, "the breakdowns");
}

describe("a population of visitors", { skip }, () => {
  const browsers = {};
  before(async () => {
    browsers.people = await launchers.chromium.launch({ undriven: true });
    browsers.driven = await Promise.all(drivers.map(([, engine]) => engine.launch()));
  });
  after(() => Promise.all([browsers.people, ...(browsers.driven ?? [])].map((browser) => browser?.close())));

  const lives = async (server) => {
    const zones = mkdtempSync(join(tmpdir(), "consentry-zones-"));
    writeZone(zones, "Evening", { offset: midnight - 7200 - now(), at: 0, further: 0 }); // two hours to midnight
    const use = { ...browsers, zones, opened: [] };
    try {
      use.site = await startOwnSite({ site: siteFile("shop", "localhost"), more: { cafe: siteFile("cafe", "127.0.0.1") }, page: (path) => pages[path], server, env: { ZONEINFO: zones } });
      use.owner = await becomeOwner(use.site.link);
      const people = await evening(use);
      await midnightComes(use);
      await night(use, people);
      await check(use);
    } finally {
      for (const page of use.opened) await page.close();
      await use.site?.stop();
      rmSync(zones, { recursive: true, force: true });
    }
  };

  it("is counted by the embedded store as by hand", () => lives());

  const without = noRedis();
  if (without && process.env.CI === "true") throw new Error(without);
  it("is counted by Redis as by hand", { skip: without || false }, async () => {
    const redis = await startRedis();
    try {
      await lives((text) => text.replace("store: file:data/consentry.db", `store: ${redis.url}`));
    } finally {
      await redis.stop();
    }
  });
});
