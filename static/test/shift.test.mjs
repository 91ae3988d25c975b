// The banner moves nothing and is never the largest thing that a page paints: on a
// page of text, on one with a picture and on one of four words, over a slow line and a
// slow processor.
// Values are held, not times. Chromium alone tells them.
import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { startPages } from "./languages.mjs";
import { waitFor } from "./page.mjs";
import { missing, startBrowser } from "./puppeteer.mjs";
import { startProduct } from "./product.mjs";

// Chromium takes a picture of few bytes for a background: one of noise, 320 by 180, as BMP.
function picture() {
  const [width, height] = [320, 180];
  const bytes = Buffer.alloc(54 + width * height * 3);
  bytes.write("BM");
  for (const [at, value] of [[2, bytes.length], [10, 54], [14, 40], [18, width], [22, height], [34, width * height * 3]]) bytes.writeUInt32LE(value, at);
  bytes.writeUInt16LE(1, 26);
  bytes.writeUInt16LE(24, 28);
  for (let i = 54, noise = 1; i < bytes.length; i++) bytes[i] = (noise = (noise * 48271) % 2147483647);
  return { type: "image/bmp", body: bytes };
}

// Runs before anything of the page.
const watch = `<script>self.seen = { shifts: [], largest: [] };
new PerformanceObserver((list) => list.getEntries().forEach((e) => seen.shifts.push(e.value))).observe({ type: "layout-shift", buffered: true });
new PerformanceObserver((list) => list.getEntries().forEach((e) => seen.largest.push([e.element?.id ?? "in a shadow root", e.size]))).observe({ type: "largest-contentful-paint", buffered: true });</script>`;

const words = "Water first, then leaves, then patience. ".repeat(40);
const page = (gate, main) => `<!doctype html><html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>Page</title>
<style>body{font:16px/1.5 system-ui,sans-serif;max-width:720px;margin:24px auto}img{max-width:100%;height:auto}</style>${watch}${gate ? '<script src="/privacy/gate.js"></script>' : ""}<h1>Kiln</h1>${main}<a href="#consentry-settings">Settings</a>`;

const kinds = { text: `<p id="largest">${words}</p>`, picture: `<img id="largest" width="800" height="450" alt="A kiln" src="/picture.bmp"><p>Water first, then leaves.</p>`, few: '<p id="largest">Water first, then leaves.</p>' };
const extra = { "/picture.bmp": picture() };
for (const [kind, main] of Object.entries(kinds))
  for (const gate of [true, false]) extra[`/${kind}${gate ? "" : "-bare"}`] = page(gate, main);

const reason = missing("chromium");
if (reason && process.env.CI === "true") throw new Error(reason);

describe("the banner", { skip: reason || false }, () => {
  let product, pages, browser;
  const bare = {}; // what is seen of the same page without the gate
  before(async () => {
    product = await startProduct();
    pages = await startPages(product.shop, extra);
    browser = await startBrowser("chromium");
  });
  after(async () => {
    await browser?.close();
    await pages?.stop();
    await product?.stop();
  });

  for (const layout of ["bar", "card", "dialog"])
    it(`moves nothing and is not the largest paint, as ${layout}`, { timeout: 180_000 }, async () => {
      if (layout !== "bar") await product.configure((site) => site.replace(/^layout: .*$/m, `layout: ${layout}`));
      for (const kind of Object.keys(kinds))
        for (const width of [360, 1280]) {
          const with_ = await seen(`/${kind}`, width);
          const without = await (bare[`${kind} ${width}`] ||= seen(`/${kind}-bare`, width));
          const where = `${layout}, ${kind}, ${width} pixels`;
          assert.equal(with_.shifts.reduce((sum, value) => sum + value, 0), 0, `${where}: the page moved`);
          assert.deepEqual(with_.largest.at(-1), without.largest.at(-1), `${where}: another largest paint: ${JSON.stringify(with_.largest)}`);
          assert.equal(without.largest.at(-1)[0], "largest", where);
        }
    });

  /** What the browser has told once the banner (if there is one) has been painted. */
  async function seen(path, width) {
    const context = await browser.createBrowserContext();
    const tab = await context.newPage();
    try {
      await tab.setViewport({ width, height: 800 });
      const session = await tab.createCDPSession();
      await session.send("Network.enable");
      await session.send("Network.emulateNetworkConditions", { offline: false, latency: 150, downloadThroughput: 200_000, uploadThroughput: 200_000 });
      await session.send("Emulation.setCPUThrottlingRate", { rate: 4 });
      await tab.goto(pages.address + path, { waitUntil: "load" });
      if (!path.endsWith("-bare"))
        await waitFor(() => tab.evaluate(() => [...document.querySelectorAll("*")].some((el) => el.shadowRoot?.querySelector("section")?.getClientRects().length)), "the banner");
      await waitFor(() => tab.evaluate(() => self.seen.largest.at(-1)?.[0] === "largest"), `${path} at ${width} pixels to have its own largest paint`);
      // Two frames later what they painted has been told.
      await tab.evaluate(() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(() => setTimeout(done, 100)))));
      return await tab.evaluate(() => self.seen);
    } finally {
      await context.close();
    }
  }
});
