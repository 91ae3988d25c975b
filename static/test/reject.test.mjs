// Rejecting: as quick as accepting, remembered and recorded alike.
import assert from "node:assert/strict";
import { it } from "node:test";
import { topic } from "./browser.mjs";
import { article, bannerGone, button, checkCookies, checkPanel, checkSilence, hintOf, settledCookies, visit } from "./visit.mjs";

topic("reject", {}, (use) => {
  it("fetches nothing, now and after a reload, and does not ask again", async () => {
    const { page, product } = use;
    await visit(page, product.shop + article);
    await page.click(button("reject-all"));
    await bannerGone(page);
    await settledCookies(page);
    await checkSilence(product);
    await page.reload();
    await checkSilence(product);
    await checkPanel(page, []);
    assert.equal(await page.exists(button("accept-all")), false);
  });

  it("is kept in both cookies and in a record", async () => {
    const { page, product } = use;
    await visit(page, product.shop + article);
    await page.click(button("reject-all"));
    const jar = await settledCookies(page);
    await checkCookies(page, jar);
    assert.deepEqual(hintOf(jar), { analytics: "d", share: "d" });
    assert.deepEqual(Object.keys(jar).sort(), ["consentry", "consentry_hint"], "no vendor set a cookie");
    const [record] = await product.records(await page.cookies());
    assert.equal(record.event, "refused");
    assert.equal(record.action.control, "reject-all");
  });
});
