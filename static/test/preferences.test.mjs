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

/** The categories that the open preferences say have changed; null where they say nothing. */
const changed = (page) => page.evaluate(() => {
  const all = (root) => [...root.querySelectorAll("*")].flatMap((el) => [el, ...(el.shadowRoot ? all(el.shadowRoot) : [])]);
  const line = all(document).find((el) => el.matches("dialog [data-slot=changed]"));
  return line.checkVisibility() ? [...line.querySelectorAll("b")].filter((b) => b.checkVisibility()).map((b) => b.textContent) : null;
});

/** What the open preferences list as changed, by category. */
const since = (page) => page.evaluate(() => {
  const all = (root) => [...root.querySelectorAll("*")].flatMap((el) => [el, ...(el.shadowRoot ? all(el.shadowRoot) : [])]);
  const parts = all(document).filter((el) => el.matches("dialog [data-slot=since]") && el.checkVisibility());
  return Object.fromEntries(parts.map((el) => [el.closest("[data-group]").dataset.group, [...el.querySelectorAll("li")].map((li) => li.textContent)]));
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
    assert.deepEqual(await changed(page), null, "nothing has changed");
  });

  it("names what has changed since the last answer, on the page without JavaScript too", async (t) => {
    const { page, product } = use;
    await visit(page, product.shop + article);
    await page.click(button("accept-all"));
    await bannerGone(page);
    await settledCookies(page);
    await product.configure((site) => site.replace("[youtube", "[vimeo, youtube"));
    t.after(() => product.configure((site) => site.replace("[vimeo, youtube", "[youtube"))); // other engines ask the same product
    await page.evaluate(() => fetch("/privacy/gate.js", { mode: "no-cors", cache: "reload" }).then(() => true)); // kept for five minutes otherwise
    await visit(page, product.shop + article);
    await page.click(button("choose"));
    await waitFor(() => page.exists(button("save")), "the preferences");
    assert.deepEqual(await changed(page), ["Share buttons and embeds"]);
    assert.deepEqual(await since(page), { share: ["+\u00a0Vimeo"] });
    const cookie = (await page.cookies()).map(({ name, value }) => `${name}=${value}`).join("; ");
    const html = await (await fetch(`${product.shop}/privacy/choices`, { headers: { cookie } })).text();
    assert.match(html, /we ask again about this part\.\s*<b>Share buttons and embeds<\/b>/);
    assert.match(html, /Changes\s*<ul><li>\+\u00a0Vimeo<\/li><\/ul>/);
    await page.click(button("save"));
    await bannerGone(page);
    await settledCookies(page);
    await openSettings(page);
    assert.deepEqual(await changed(page), null, "all is answered");
    assert.deepEqual(await since(page), {});
  });
});
