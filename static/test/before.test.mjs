// Before a choice nothing of a vendor is fetched and no cookie exists.
import assert from "node:assert/strict";
import { it } from "node:test";
import { topic } from "./browser.mjs";
import { article, button, checkPanel, checkSilence, visit } from "./visit.mjs";

topic("before a choice", {}, (use) => {
  it("shows a banner on which rejecting is a twin of accepting", async () => {
    await visit(use.page, use.product.shop);
    const twins = await use.page.evaluate(() => {
      const search = (root, selector) => root.querySelector(selector) ?? [...root.querySelectorAll("*")].map((el) => el.shadowRoot && search(el.shadowRoot, selector)).find(Boolean);
      return ["accept-all", "reject-all"].map((control) => {
        const el = search(document, `[data-do="${control}"]`);
        const { backgroundColor, color, fontSize, fontWeight, opacity } = getComputedStyle(el);
        return { tag: el.tagName, height: Math.round(el.offsetHeight), width: Math.round(el.offsetWidth), backgroundColor, color, fontSize, fontWeight, opacity };
      });
    });
    assert.deepEqual(twins[0], twins[1]);
    assert.ok(await use.page.exists(button("choose")));
  });

  it("requests nothing of a vendor and sets no cookie, on every kind of page", async () => {
    for (const path of ["/", "/shop/hill-kyusu", article, "/thanks"]) {
      await visit(use.page, use.product.shop + path);
      await checkSilence(use.product);
      assert.deepEqual(await use.page.cookies(), [], path);
      await checkPanel(use.page, []);
    }
  });
});
