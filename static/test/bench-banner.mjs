// How soon a first visitor sees the banner, in Chromium over a slow line and with a slow
// processor, beside what no banner that a script of the page fetches could go below: the
// same browser's first paint of an empty page, and two round trips, one for the gate and
// one for the banner. The two take turns in one run.
// node test/bench-banner.mjs prints it; ROUNDS says how many (15).
import { startBrowser } from "./puppeteer.mjs";
import { startShop } from "./shop.mjs";

const ROUNDS = +(process.env.ROUNDS ?? 15);
const TRIP = 150; // milliseconds
const LINE = 1.6; // megabits a second
const SLOWER = 4;

const settings = `gate: known
categories:
  - {id: analytics, services: [ga4, matomo, hotjar, clarity]}
  - {id: share, services: [youtube, addtoany, x-widgets]}
  - {id: marketing, services: [meta-pixel, linkedin-share, pinterest-save]}
`;
const page = (gate) => () => ["text/html", `<!doctype html><html lang="en"><meta charset="utf-8"><title>Page</title>${gate ? '<script src="/privacy/gate.js"></script>' : ""}<p>A page.</p></html>`];
const pages = { "/empty": page(false), "/banner": page(true) };

const middle = (list) => [...list].sort((a, b) => a - b);
const spread = (list) => {
  const sorted = middle(list);
  return `${Math.round(sorted[sorted.length >> 1])} (${[0.25, 0.75].map((part) => Math.round(sorted[Math.floor(part * (sorted.length - 1))])).join("–")})`;
};

/** Runs in the page before anything of it: when the frame after the one in which the banner has its place began. */
function watch() {
  const look = (now) => {
    const there = [...document.querySelectorAll("body > div")].some((el) => el.shadowRoot?.querySelector("section")?.getClientRects().length);
    if (there) requestAnimationFrame((next) => { self.bannerSeen = next; });
    else requestAnimationFrame(look);
  };
  requestAnimationFrame(look);
}

/** Milliseconds from the navigation until it is seen, by a visitor who has never been there. */
async function time(browser, url, seen) {
  const context = await browser.createBrowserContext();
  try {
    const tab = await context.newPage();
    const cdp = await tab.createCDPSession();
    await cdp.send("Network.enable");
    await cdp.send("Network.emulateNetworkConditions", { offline: false, latency: TRIP, downloadThroughput: (LINE * 1e6) / 8, uploadThroughput: (LINE * 1e6) / 8 });
    await cdp.send("Emulation.setCPUThrottlingRate", { rate: SLOWER });
    await tab.evaluateOnNewDocument(watch);
    await tab.goto(url, { waitUntil: "load" });
    return await (await tab.waitForFunction(seen, { polling: 100, timeout: 60_000 })).jsonValue();
  } finally {
    await context.close();
  }
}

const painted = () => performance.getEntriesByName("first-paint")[0]?.startTime;
const shown = () => self.bannerSeen;

const browser = await startBrowser("chromium");
const shop = await startShop(settings, (path) => pages[path]?.());
try {
  const times = { empty: [], banner: [] };
  for (let round = 0; round <= ROUNDS; round++) {
    const empty = await time(browser, `${shop.origin}/empty`, painted);
    const banner = await time(browser, `${shop.origin}/banner`, shown);
    if (round === 0) continue; // fills the browser's own caches
    times.empty.push(empty);
    times.banner.push(banner);
  }
  const ratios = times.banner.map((banner, i) => banner / (times.empty[i] + 2 * TRIP));
  const ratio = middle(ratios)[ratios.length >> 1];
  console.log(`banner visible, ${TRIP} ms a round trip, ${LINE} Mb/s, processor ${SLOWER} × slower, ${ROUNDS} rounds in turns, medians with quartiles, ms from the navigation:
  the banner                          ${spread(times.banner)}
  first paint of an empty page        ${spread(times.empty)}
  that and two round trips            ${spread(times.empty.map((ms) => ms + 2 * TRIP))}
  banner to the latter, by the round  ${ratio.toFixed(2)} ×`);
} finally {
  await browser.close();
  await shop.stop();
}
