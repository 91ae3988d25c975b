// Without JavaScript: a plain page does the same, and tags stay closed.
import assert from "node:assert/strict";
import { it } from "node:test";
import { topic } from "./browser.mjs";
import { waitFor } from "./page.mjs";
import { article, checkSilence, hintOf, settledCookies } from "./visit.mjs";

const control = (name) => `button[name="control"][value="${name}"]`;

/** Goes from the page's plain link to the form and presses one of its buttons. */
async function choose(page, name) {
  await page.click('noscript a[href*="/choices"]');
  await waitFor(() => page.exists(control(name)), "the form");
  await page.click(control(name));
}

topic("no JavaScript", { javascript: false }, (use) => {
  it("accepts on the plain page and comes back to where it was", async () => {
    const { page, product } = use;
    await page.open(product.shop + article);
    assert.deepEqual(await page.cookies(), []);
    assert.ok(await page.exists('.film a[href^="https://www.youtube.com/"]'), "a link stands where the film would");
    await choose(page, "accept-all");
    await waitFor(async () => (await page.url()) === product.shop + article, "the way back");
    const jar = await settledCookies(page);
    assert.equal(jar.consentry.httpOnly, true);
    assert.deepEqual(hintOf(jar), { analytics: "g", share: "g" });
    const [record] = await product.records(await page.cookies());
    assert.equal(record.event, "given");
    assert.deepEqual([record.action.surface, record.action.js], ["page", false]);
    await checkSilence(product);
  });

  it("rejects, and takes back, on the plain page", async () => {
    const { page, product } = use;
    await page.open(`${product.shop}/about`);
    await choose(page, "accept-all");
    await settledCookies(page);
    await waitFor(async () => (await page.url()) === `${product.shop}/about`, "the way back");
    await choose(page, "reject-all");
    await waitFor(async () => Object.values(hintOf(await settledCookies(page))).every((status) => status === "d"), "the hint to deny");
    const records = await product.records(await page.cookies());
    assert.deepEqual(records.map(({ event }) => event), ["withdrawn", "given"]);
    await checkSilence(product);
  });

  it("saves single categories on the plain page", async () => {
    const { page, product } = use;
    await page.open(product.shop + article);
    await page.click('noscript a[href*="/choices"]');
    await waitFor(() => page.exists(control("save")), "the form");
    await page.click('input[name="c.analytics"]');
    await page.click(control("save"));
    const jar = await settledCookies(page);
    assert.deepEqual([hintOf(jar).analytics, hintOf(jar).share], ["g", "d"]);
  });

  it("saves single services on the plain page, takes all back, and erases what is held", async () => {
    const { page, product } = use;
    await page.open(product.shop + article);
    await page.click('noscript a[href*="/choices"]');
    await waitFor(() => page.exists(control("save")), "the form");
    assert.ok(!(await page.exists(control("withdraw"))), "nothing can be taken back yet");
    await page.click('input[name="s.youtube"]');
    await page.click(control("save"));
    await waitFor(async () => (await page.url()) === product.shop + article, "the way back");
    const [record] = await product.records(await page.cookies());
    assert.deepEqual(
      record.decisions.filter(({ status }) => status === "granted").map(({ category, service }) => [category, service]).filter(([category]) => category !== "necessary"),
      [["share", "youtube"]],
    );
    await choose(page, "withdraw");
    await waitFor(async () => (await product.records(await page.cookies()))[0].event === "withdrawn", "the withdrawal's record");
    await waitFor(async () => (await page.url()) === product.shop + article && page.exists("footer"), "the way back");

    await page.open(`${product.shop}/privacy/choices`);
    await page.click('a[href*="/receipts/"]');
    const erase = 'section[aria-labelledby="erase"] button';
    await waitFor(() => page.exists(erase), "the receipt");
    await page.click(erase);
    await waitFor(async () => !(await page.exists(erase)) && page.exists("h1"), "the answer");
    assert.deepEqual(await product.records(await page.cookies()), []);
    await checkSilence(product);
  });
});
