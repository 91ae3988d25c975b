// Taking it back: from every page, at once, and on record.
import assert from "node:assert/strict";
import { it } from "node:test";
import { topic } from "./browser.mjs";
import { waitFor } from "./page.mjs";
import { article, button, checkPanel, checkRequests, checkSilence, hintOf, openSettings, settledCookies, visit } from "./visit.mjs";

const all = ["ga4", "matomo", "youtube", "addtoany"];

topic("withdraw", {}, (use) => {
  it("stops every tag, in this page and on the next", async () => {
    const { page, product } = use;
    await visit(page, product.shop + article);
    await page.click(button("accept-all"));
    await checkRequests(product, all);
    await openSettings(page);
    await product.forget();
    await page.click(button("withdraw"));
    await waitFor(async () => Object.values(hintOf(await settledCookies(page))).every((status) => status === "d"), "the hint to deny");
    await waitFor(() => page.evaluate(() => document.querySelectorAll('.tags [data-state="ran"]').length === 0), "the page to start anew");
    await checkPanel(page, []);
    await checkSilence(product); // Firefox restores frames on reload: not these
    await page.open(`${product.shop}/shop/moon-jar`);
    await checkSilence(product);
    assert.equal(await page.exists(button("accept-all")), false, "a withdrawal is a choice: it is not asked again");
  });

  it("adds a record to the one that it takes back", async () => {
    const { page, product } = use;
    await visit(page, product.shop + article);
    await page.click(button("accept-all"));
    const first = (await settledCookies(page)).consentry.value;
    await checkRequests(product, all);
    await openSettings(page);
    await page.click(button("withdraw"));
    await waitFor(async () => (await settledCookies(page)).consentry.value !== first, "a new sealed cookie");
    const records = await product.records(await page.cookies());
    assert.deepEqual(records.map(({ event }) => event), ["withdrawn", "given"]);
    assert.equal(records[0].prev_record_id, records[1].record_id);
    assert.equal(records[0].subject_ref, records[1].subject_ref);
  });
});
