// Accepting: tags start once the proof is stored, and again on the next visit.
import assert from "node:assert/strict";
import { it } from "node:test";
import { topic } from "./browser.mjs";
import { waitFor } from "./page.mjs";
import { article, bannerGone, button, checkCookies, checkPanel, checkRequests, hintOf, settledCookies, visit } from "./visit.mjs";

const all = ["ga4", "matomo", "youtube", "addtoany"];

topic("accept", {}, (use) => {
  it("opens every tag once, in this page", async () => {
    const { page, product } = use;
    await visit(page, product.shop + article);
    await page.click(button("accept-all"));
    await bannerGone(page);
    await checkRequests(product, all);
    await checkPanel(page, all);
    const sent = await product.requests();
    assert.ok(sent.includes("/www.google-analytics.com/g/collect"), "the inline configuration ran after its script");
    assert.ok(sent.includes("/matomo.example/matomo.php"), "the script that an inline snippet adds ran");
  });

  it("sets both cookies and lets the vendors set theirs", async () => {
    const { page, product } = use;
    await visit(page, product.shop + article);
    await page.click(button("accept-all"));
    const jar = await settledCookies(page);
    await checkCookies(page, jar);
    assert.deepEqual(hintOf(jar), { analytics: "g", share: "g" });
    await waitFor(() => page.evaluate(() => /_ga=/.test(document.cookie) && /_pk_id/.test(document.cookie)), "the vendors' cookies");
  });

  it("holds after a reload, without a banner", async () => {
    const { page, product } = use;
    await visit(page, product.shop + article);
    await page.click(button("accept-all"));
    await settledCookies(page);
    await checkRequests(product, all);
    await product.forget();
    await page.reload();
    await checkRequests(product, all);
    assert.equal(await page.exists(button("accept-all")), false);
    assert.equal((await product.records(await page.cookies())).length, 1, "reading a choice records nothing");
  });

  it("shows the record that it stored", async () => {
    const { page, product } = use;
    await visit(page, product.shop + article);
    await page.click(button("accept-all"));
    await settledCookies(page);
    const [record, ...older] = await product.records(await page.cookies());
    assert.deepEqual(older, []);
    assert.equal(record.event, "given");
    assert.deepEqual([record.action.surface, record.action.control, record.action.js], ["banner", "accept-all", true]);
    await page.click("#demo-panel summary");
    await page.click("#demo-receipt");
    await waitFor(async () => (await page.url()).includes("/receipts/"), "the receipt");
    await waitFor(() => page.evaluate((id) => document.body.innerText.includes(id), record.record_id), "the record's id on the receipt");
  });
});
