// Everybody can use it: the field's own rules on every layer and page, in light,
// dark and forced colours, both directions, narrow and wide; and the keyboard.
import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { clean, focused, focusOn, tabThrough } from "./ability.mjs";
import { inEveryEngine } from "./engines.mjs";
import { direction, speaking, startPages } from "./languages.mjs";
import { waitFor } from "./page.mjs";
import { startProduct } from "./product.mjs";
import { bannerGone, button, visit } from "./visit.mjs";

const tongues = ["en", "ar"];
const widths = [320, 1280];
// Chromium alone can be told what a system asks for; in the others a layout has its own scheme.
const asked = [{ "prefers-color-scheme": "light" }, { "prefers-color-scheme": "dark" }, { "forced-colors": "active", "prefers-color-scheme": "light" }];
const looks = (engine) => (engine === "chromium"
  ? [{ layout: "card", scheme: "light" }, { layout: "dialog", scheme: "dark" }, { layout: "bar", scheme: "auto", media: asked, whole: true }]
  : [{ layout: "bar", scheme: "auto" }, { layout: "card", scheme: "dark", whole: true }, { layout: "dialog", scheme: "light", whole: true }]);

// Few services, with cookies and without: more of the same would only take axe longer.
const looking = (layout, scheme) => (site) =>
  speaking(layout, ["en", "de", "ar"])(site)
    .replace(/^scheme: .*\n/gm, "").replace(/^layout: .*$/m, (line) => `${line}\nscheme: ${scheme}`)
    .replace("[ga4, matomo]", "[ga4]").replace("[youtube, addtoany]", "[addtoany]");

const many = Array.from({ length: 9 }, (_, i) => `link-${i}`);
const linked = (lang) => `<!doctype html><html lang="${lang}" dir="${direction(lang)}"><meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>Links</title>
<style>body{margin:0;color:#222;background:#fff}p{margin:12px 24px}a{color:#00c;display:inline-block;min-height:24px}</style>
<script src="/privacy/gate.js"></script><main><h1>Links</h1>${many.map((id) => `<p><a id="${id}" href="#">A link of the page, ${id}</a></p>`).join("")}</main>
<footer><p><a id="again" href="#consentry-settings">Settings</a></p></footer>`;

inEveryEngine((newPage, engine) => {
  describe("everybody can use", () => {
    let product, pages;
    before(async () => {
      product = await startProduct();
      pages = await startPages(product.shop, Object.fromEntries(tongues.map((lang) => [`/links-${lang}`, linked(lang)])));
    });
    after(async () => {
      await pages?.stop();
      await product?.stop();
    });

    for (const { layout, scheme, media = [{}], whole } of looks(engine)) {
      const inEveryLook = async (page, what, without) => {
        for (const width of widths) {
          await page.resize(width, 900);
          for (const features of media) {
            if (page.media) await page.media(features);
            await clean(page, `${layout}, ${scheme}, ${what}, ${width} pixels, ${JSON.stringify(features)}`, without);
          }
        }
      };

      it(`${whole ? "every layer and page, with" : ""} the ${layout}, ${scheme}`, { timeout: 300_000 }, async () => {
        await product.configure(looking(layout, scheme));
        for (const lang of tongues) {
          const page = await newPage({ width: 1280, height: 900 });
          try {
            await visit(page, `${pages.address}/links-${lang}`);
            await inEveryLook(page, `banner, ${lang}`);
            await page.resize(lang === "en" ? 1280 : 320, 560);
            await tabThrough(page, ["a", "accept-all", "reject-all", "choose", ...many, "again"]);
            if (!whole) continue;
            await preferences(page, lang, inEveryLook);
            await plain(page, lang, inEveryLook);
          } finally {
            await page.close();
          }
        }
      });
    }

    async function preferences(page, lang, inEveryLook) {
      await page.click(button("choose"));
      await waitFor(() => page.exists(button("save")), "the preferences");
      await page.resize(320, 900);
      await clean(page, `preferences, ${lang}, folded`);
      await page.evaluate(() => { for (const host of document.querySelectorAll("*")) host.shadowRoot?.querySelectorAll("details").forEach((d) => { d.open = true; }); });
      // To axe a label is hidden that is scrolled out of a box with a fixed place; folded, all are in sight.
      await inEveryLook(page, `preferences, ${lang}`, ["label-title-only"]);
      await page.click(button("reject-all"));
      await bannerGone(page);
    }

    async function plain(page, lang, inEveryLook) {
      const receipt = await waitFor(async () => product.receipt(await page.cookies()), "the receipt's address");
      for (const path of ["/privacy/choices", receipt, "/privacy/declaration"]) {
        await page.open(`${pages.address}${path}?locale=${lang}`);
        assert.equal(await page.evaluate(() => document.documentElement.lang), lang);
        await inEveryLook(page, `${path.split("/")[2]}, ${lang}`);
      }
    }

    // Escape and the way back; a grant is never the outcome of leaving.
    it("the keyboard", { timeout: 120_000 }, async () => {
      const page = await newPage({ width: 1280, height: 700 });
      try {
        await visit(page, `${pages.address}/links-en`);
        assert.equal((await focused(page)).name, "", "the banner took the focus");
        await page.press("Escape");
        assert.ok(await page.exists(button("accept-all")), "Escape answered the banner");

        await page.click(button("choose"));
        await focusOn(page, "t");
        await page.press("Escape");
        await focusOn(page, "choose");
        await waitFor(() => page.exists(button("reject-all")), "the banner again");
        assert.doesNotMatch(await page.evaluate(() => document.cookie), /hint/, "leaving was taken for an answer");

        await page.click(button("reject-all"));
        await bannerGone(page);
        await page.click("#again");
        await waitFor(() => page.exists(button("save")), "the preferences");
        await page.press("Escape");
        await focusOn(page, "again");
      } finally {
        await page.close();
      }
    });
  });
});
