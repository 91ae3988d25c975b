// Everybody can use it: the field's own rules on every layer and page, in light,
// dark and forced colours, both directions, narrow and wide; and the keyboard.
import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { clean, focused, focusOn } from "./ability.mjs";
import { inEveryEngine } from "./engines.mjs";
import { speaking, startPages } from "./languages.mjs";
import { waitFor } from "./page.mjs";
import { startProduct } from "./product.mjs";
import { bannerGone, button, visit } from "./visit.mjs";

const directions = ["en", "ar"];
const widths = [320, 1280];
// Chromium alone can be told what a system asks for; in the others each layout has its own scheme.
const schemes = { card: "dark", dialog: "light", bar: "auto" };
const media = [{ "prefers-color-scheme": "light" }, { "prefers-color-scheme": "dark" }, { "forced-colors": "active" }];

const links = `<!doctype html><html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>Links</title>
<script src="/privacy/gate.js"></script><main><h1>Links</h1>${Array.from({ length: 24 }, (_, i) => `<p><a id="link-${i}" href="#">Link number ${i}</a></p>`).join("")}</main>
<footer><a id="again" href="#consentry-settings">Settings</a></footer>`;

inEveryEngine((newPage, engine) => {
  describe("everybody can use", () => {
    let product, pages;
    before(async () => {
      product = await startProduct();
      pages = await startPages(product.shop, { "/links": links });
    });
    after(async () => {
      await pages?.stop();
      await product?.stop();
    });

    for (const [layout, scheme] of Object.entries(schemes))
      it(`the ${layout}${layout === "bar" ? " and the preferences" : ""}`, { timeout: 300_000 }, async () => {
        await product.configure((site) => speaking(layout, ["en", "de", "ar"])(site).replace(/^layout: .*$/m, `layout: ${layout}\nscheme: ${scheme}`).replace(/(^scheme: .*\n)+/m, `scheme: ${scheme}\n`));
        for (const lang of directions) {
          const page = await newPage({ width: 1280, height: 900 });
          try {
            await visit(page, `${pages.address}/${lang}`);
            await inEveryLook(page, layout, `${layout}, ${lang}`);
            if (layout !== "bar") continue;
            await page.click(button("choose"));
            await waitFor(() => page.exists(button("save")), "the preferences");
            await page.evaluate(() => { for (const host of document.querySelectorAll("*")) host.shadowRoot?.querySelectorAll("details").forEach((d) => { d.open = true; }); });
            await inEveryLook(page, layout, `preferences, ${lang}`);
          } finally {
            await page.close();
          }
        }
      });

    async function inEveryLook(page, layout, what) {
      for (const width of widths) {
        await page.resize(width, 900);
        for (const features of engine === "chromium" && layout === "bar" ? media : [{}]) {
          await page.media?.(features);
          await clean(page, `${what}, ${width} pixels, ${JSON.stringify(features)}`);
        }
      }
    }

    it("the pages without scripts", { timeout: 300_000 }, async () => {
      const page = await newPage({ width: 1280, height: 900 });
      try {
        await visit(page, `${product.shop}/`);
        await page.click(button("reject-all"));
        await bannerGone(page);
        const receipt = await waitFor(() => page.evaluate(() => {
          self.mine ||= fetch("/privacy/receipts/mine").then((r) => r.json()).then((r) => { self.receipt = r.receipt; }, () => { self.mine = null; });
          return self.receipt;
        }), "the receipt's address");
        for (const lang of directions)
          for (const path of ["/privacy/choices?", `${receipt}?`, "/privacy/declaration?"]) {
            await page.open(`${product.shop}${path}locale=${lang}`);
            await inEveryLook(page, "bar", `${path.split("/")[2]} ${lang}`);
          }
      } finally {
        await page.close();
      }
    });

    // Order, Escape and the way back; a grant is never the outcome of leaving.
    it("the keyboard", { timeout: 120_000 }, async () => {
      const page = await newPage({ width: 1280, height: 700 });
      try {
        await visit(page, `${pages.address}/links`);
        assert.equal((await focused(page)).name, "", "the banner took the focus");
        const order = [];
        for (let i = 0; i < 30; i++) {
          await page.press("Tab");
          const { name, seen } = await focused(page);
          order.push(name);
          assert.ok(seen, `${name} has the focus and is covered whole`);
          if (name === "again") break;
        }
        assert.deepEqual(order, ["a", "accept-all", "reject-all", "choose", ...Array.from({ length: 24 }, (_, i) => `link-${i}`), "again"]);
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
