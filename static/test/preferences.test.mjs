// Choosing category by category in the preferences.
import assert from "node:assert/strict";
import { it } from "node:test";
import { topic } from "./browser.mjs";
import { waitFor } from "./page.mjs";
import { article, bannerGone, button, checkPanel, checkRequests, hintOf, openSettings, settledCookies, visit } from "./visit.mjs";

const share = 'input[data-category="share"]';

const switches = (page) => page.evaluate(() => {
  const all = (root) => [...root.querySelectorAll("*")].flatMap((el) => [el, ...(el.shadowRoot ? all(el.shadowRoot) : [])]);
  return Object.fromEntries(all(document).filter((el) => el.matches("input[data-category]:not(:disabled)")).map((el) => [el.dataset.category, el.checked]));
});

topic("preferences", {}, (use) => {
  it("begins with everything optional off, and opens only what was switched on", async () => {
    const { page, product } = use;
    await visit(page, product.shop + article);
    await page.click(button("choose"));
    await waitFor(() => page.exists(button("save")), "the preferences");
    assert.deepEqual(await switches(page), { analytics: false, share: false });
    await page.click(share);
    await waitFor(async () => (await switches(page)).share, "the switch to turn");
    await page.click(button("save"));
    await bannerGone(page);
    const jar = await settledCookies(page);
    assert.deepEqual([hintOf(jar).analytics, hintOf(jar).share], ["d", "g"]);
    await checkRequests(product, ["youtube", "addtoany"]);
    await checkPanel(page, ["youtube", "addtoany"]);
    const [record] = await product.records(await page.cookies());
    assert.equal(record.event, "partial");
    assert.equal(record.action.surface, "preferences");
  });

  it("opens on a later visit as it was left", async () => {
    const { page, product } = use;
    await visit(page, product.shop + article);
    await page.click(button("choose"));
    await page.click(share);
    await page.click(button("save"));
    await settledCookies(page);
    await page.open(`${product.shop}/about`);
    await openSettings(page);
    assert.deepEqual(await switches(page), { analytics: false, share: true });
  });
});
