// Every language in every layout and width: nothing is cut off, the two answers
// are twins in every colour, light and dark, and the direction is that of the script.
// Chromium alone: what is measured is our sentences' length, and engines differ in
// fonts only.
import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { direction, languages, speaking, startPages } from "./languages.mjs";
import { waitFor } from "./page.mjs";
import { launch, missing } from "./puppeteer.mjs";
import { startProduct } from "./product.mjs";
import { startSheets } from "./sheets.mjs";
import { checkPlainTwins, checkTwins } from "./twins.mjs";
import { bannerGone, button, visit } from "./visit.mjs";

const widths = [320, 360, 1280];
const lying = [[568, 320], [667, 375], [740, 360], [844, 390], [932, 430]]; // phones on their side
const reason = missing("chromium");
if (reason && process.env.CI === "true") throw new Error(reason);

describe("every language", { skip: reason || false }, () => {
  let product, pages, browser, sheets;
  before(async () => {
    product = await startProduct();
    sheets = await startSheets(product);
    pages = await startPages(product.shop);
    browser = await launch("chromium");
  });
  after(async () => {
    await browser?.close();
    await pages?.stop();
    await product?.stop();
  });

  // Layouts differ in their style sheet alone, so that one visit serves them all; and
  // the banner stands behind the open preferences.
  it("fits into every layout and the preferences, and its answers are twins in every layout and colour, light and dark", { timeout: 300_000 }, async () => {
    assert.equal(new Set(Object.values(sheets.layouts)).size, 3, "layouts have one style sheet");
    await eachLanguage(async (page, tag) => {
      await visit(page, `${pages.address}/${tag}`);
      await page.click(button("choose"));
      await waitFor(() => page.exists(button("save")), "the preferences");
      for (const width of widths) {
        await page.resize(width, 800);
        for (const [what, measured] of Object.entries(await page.evaluate(measure, sheets.layouts))) check(measured, tag, `${tag}, ${what}, ${width} px`);
        if (width !== 360) await checkTwins(page, sheets, `${tag}, ${width} px`);
      }
    });
  });

  it("covers at most half of a phone on its side, in every layout, with all three buttons in sight and the text scrolling inside", { timeout: 300_000 }, async () => {
    const scrolled = new Set();
    await eachLanguage(async (page, tag) => {
      await visit(page, `${pages.address}/${tag}`);
      for (const size of lying) {
        await page.resize(...size);
        for (const [layout, { height, hidden, scrolls, apart }] of Object.entries(await page.evaluate(measureLying, sheets.layouts))) {
          const where = `${tag}, ${layout}, ${size.join(" × ")} px`;
          assert.ok(height <= Math.max(size[1] / 2, 191), `${where}: ${height} px are covered`);
          assert.deepEqual(hidden, [], `${where}: out of sight`);
          assert.deepEqual(apart, [], `${where}: the box itself scrolls`);
          if (scrolls) scrolled.add(layout);
        }
      }
    });
    assert.deepEqual([...scrolled].sort(), ["bar", "card", "dialog"], "the text scrolls somewhere, or little was shown");
  });

  // Chromium itself has no Irish, Maltese or Icelandic dates.
  it("dates a choice in its own words", { timeout: 60_000 }, async () => {
    for (const tag of ["ga", "ar", "ja"]) {
      const page = await browser.newPage({});
      await visit(page, `${pages.address}/${tag}`);
      await page.click(button("reject-all"));
      await bannerGone(page);
      await page.click('[href="#consentry-settings"]');
      const { date, months, locale } = await waitFor(() => page.evaluate(decided), `the date in ${tag}`);
      assert.ok(date.includes(months.split("|")[new Date().getMonth()]) && date.includes(new Date().getFullYear()) && !/[{}]/.test(date), `${tag}: ${date}`);
      assert.equal(locale, tag, "the receipt is opened in the same language");
      await page.close();
    }
  });

  it("fits into the page without scripts, and its answers are twins there in every colour, light and dark", { timeout: 300_000 }, async () => {
    await eachLanguage(async (page, tag) => {
      await page.open(`${product.shop}/privacy/choices?locale=${tag}`);
      for (const width of widths) {
        await page.resize(width, 800);
        const { lang, dir, wide, twins } = await page.evaluate(measurePage);
        const where = `${tag}, choices, ${width} px`;
        assert.deepEqual({ lang, dir }, { lang: tag, dir: direction(tag) }, where);
        assert.deepEqual(wide, [], `${where}: cut off`);
        sameSize(twins, where);
        if (width !== 360) await checkPlainTwins(page, sheets, where);
      }
    });
  });

  // One page for all: nothing is chosen, so nothing is remembered.
  async function eachLanguage(look) {
    assert.ok(languages.length >= 37, `only ${languages.length} languages`);
    await withPage(async (page) => {
      for (const tag of languages) await look(page, tag);
    });
  }

  async function withPage(act) {
    const page = await browser.newPage({});
    try {
      return await act(page);
    } finally {
      await page.close();
    }
  }
});

function check({ lang, dir, wide, twins, box, view }, tag, where) {
  assert.deepEqual({ lang, dir }, { lang: tag, dir: direction(tag) }, where);
  assert.deepEqual(wide, [], `${where}: cut off`);
  sameSize(twins, where);
  for (const twin of twins)
    assert.ok(twin.left >= 0 && twin.right <= view.width + 0.5 && twin.top >= 0 && twin.bottom <= view.height + 0.5, `${where}: ${twin.text} is out of sight: ${JSON.stringify(twin)}`);
  assert.ok(box.left >= 0 && box.right <= view.width + 0.5, `${where}: the box leaves the screen`);
}

function sameSize([accept, reject], where) {
  for (const side of ["width", "height"])
    assert.ok(Math.abs(accept[side] / reject[side] - 1) <= 0.02, `${where}: ${accept.text} is ${accept[side]} px in ${side}, ${reject.text} ${reject[side]} px`);
}

/**
 * Runs in the page: the open preferences, and the banner in each layout, as it is and
 * with everything that it may have to say.
 */
function measure(sheets) {
  const rect = (el) => ({ text: el.textContent, ...el.getBoundingClientRect().toJSON() });
  const cut = (el) => el.scrollWidth > el.clientWidth && getComputedStyle(el).display !== "inline" && !el.closest("thead");
  const low = (el) => el.tagName === "BUTTON" && el.scrollHeight > el.clientHeight;
  const read = (box) => ({
    lang: box.lang,
    dir: getComputedStyle(box).direction,
    wide: [box, ...box.querySelectorAll("*")].filter((el) => cut(el) || low(el)).map((el) => `${el.tagName} ${el.textContent.slice(0, 40)}`),
    twins: ["accept-all", "reject-all"].map((control) => rect(box.querySelector(`[data-do="${control}"]`))),
    box: rect(box),
    view: { width: innerWidth, height: innerHeight },
  });
  const find = (name) => [...document.querySelectorAll("*")].map((el) => el.shadowRoot?.querySelector(name)).find(Boolean);
  const dialog = find("dialog[open]");
  for (const folded of dialog.querySelectorAll("details")) folded.open = true;
  const all = { preferences: read(dialog) };
  const banner = find("section");
  const root = banner.getRootNode();
  for (const [layout, css] of Object.entries(sheets)) {
    const sheet = new CSSStyleSheet();
    sheet.replaceSync(css);
    root.adoptedStyleSheets = [sheet];
    all[layout] = read(banner);
    const hidden = banner.querySelectorAll("[hidden]");
    for (const el of hidden) el.hidden = false;
    all[`${layout} with all it may say`] = read(banner);
    for (const el of hidden) el.hidden = true;
  }
  return all;
}

// Runs in the page: what the open preferences say of the choice, once they know.
function decided() {
  const dialog = [...document.querySelectorAll("*")].map((host) => host.shadowRoot?.querySelector("dialog[open]")).find(Boolean);
  const line = dialog?.querySelector('[data-slot="receipt"]:not([hidden])');
  return line?.style.visibility === "" && { date: line.querySelector('[data-slot="date"]').textContent, months: line.dataset.months, locale: new URL(line.querySelector("a").href).searchParams.get("locale") };
}

function measurePage() {
  const root = document.documentElement;
  const cut = (el) => el.scrollWidth > el.clientWidth && getComputedStyle(el).display !== "inline" && !el.closest("thead");
  return {
    lang: root.lang,
    dir: getComputedStyle(document.body).direction,
    wide: [root, ...document.querySelectorAll("main, main *")].filter(cut).map((el) => `${el.tagName} ${el.textContent.slice(0, 40)}`),
    twins: ["accept-all", "reject-all"].map((control) => {
      const el = document.querySelector(`button[value="${control}"]`);
      return { text: el.textContent, ...el.getBoundingClientRect().toJSON() };
    }),
  };
}

/** Runs in the page: by layout, how high the banner is, which of its buttons nobody could press as it stands, whether its text scrolls, and how far the box does. */
function measureLying(layouts) {
  const box = [...document.querySelectorAll("*")].map((el) => el.shadowRoot?.querySelector("section")).find(Boolean);
  const root = box.getRootNode();
  const before = [...root.adoptedStyleSheets];
  const measured = {};
  for (const [layout, css] of Object.entries(layouts)) {
    const sheet = new CSSStyleSheet();
    sheet.replaceSync(css);
    root.adoptedStyleSheets = [sheet];
    const text = box.querySelector(".text");
    const hidden = [...box.querySelectorAll(".actions button")].filter((el) => {
      const { left, right, top, bottom } = el.getBoundingClientRect();
      const corners = [[left + 2, (top + bottom) / 2], [right - 2, (top + bottom) / 2], [(left + right) / 2, top + 2], [(left + right) / 2, bottom - 2]];
      return el.scrollWidth > el.clientWidth || el.scrollHeight > el.clientHeight || corners.some((at) => !el.contains(root.elementFromPoint(...at)));
    }).map((el) => el.textContent);
    const apart = [box.scrollHeight - box.clientHeight, box.scrollWidth - box.clientWidth].filter((px) => px > 0);
    measured[layout] = { height: box.getBoundingClientRect().height, hidden, scrolls: text.scrollHeight > text.clientHeight, apart };
  }
  root.adoptedStyleSheets = before;
  return measured;
}
