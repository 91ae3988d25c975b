// What the gate costs a page, in Chromium with its processor slowed down four times:
// node test/bench.mjs. Nothing is asserted; compare lines of one run with each other.
import { startInternet } from "./internet.mjs";
import { find } from "./page.mjs";
import { startBrowser } from "./puppeteer.mjs";
import { startShop } from "./shop.mjs";
import { button } from "./visit.mjs";

const SLOWER = 4;
const LOADS = +(process.env.LOADS ?? 15);
const TAGS = 30;
const HELD = 25;

const settings = (gate) => `gate: ${gate}
categories:
  - {id: analytics, services: [ga4, matomo, hotjar, clarity]}
  - {id: share, services: [youtube, addtoany, x-widgets]}
  - {id: marketing, services: [meta-pixel, linkedin-share, pinterest-save]}
`;
const address = (i) => `https://www.googletagmanager.com/gtag/js?id=G-${i}`;
const plain = (i) => `<script async src="${address(i)}"></script>`;
const marked = (i) => `<script async type="text/plain" data-consent="analytics:ga4" data-src="${address(i)}"></script>`;
const several = (tag, n) => Array.from({ length: n }, (_, i) => tag(i)).join("");
const page = (gate, tags) => () => ["text/html", `<!doctype html><html lang="en"><head><title>Page</title><script>ran = 0</script>${gate ? '<script src="/privacy/gate.js"></script>' : ""}</head><body>${"<p>Some text of a page.</p>".repeat(200)}${tags}</body></html>`];
const pages = { "/none": page(false, several(plain, TAGS)), "/tags": page(true, several(plain, TAGS)), "/marked": page(true, several(marked, TAGS)), "/accept": page(true, several(marked, HELD)), "/bare": page(false, ""), "/empty": page(true, "") };

const pause = (ms) => new Promise((resolve) => setTimeout(resolve, ms));
const median = (list) => list.sort((a, b) => a - b)[list.length >> 1];
const ms = (seconds) => `${(seconds * 1000).toFixed(1)} ms`;

async function slowTab(browser) {
  const context = await browser.createBrowserContext();
  const tab = await context.newPage();
  const cdp = await tab.createCDPSession();
  await cdp.send("Performance.enable");
  await cdp.send("Emulation.setCPUThrottlingRate", { rate: SLOWER });
  return { tab, cdp, close: () => context.close() };
}

/** Script and whole task time of loading a page, the median of several loads. */
async function cost(browser, url, prepare = async () => {}) {
  const { tab, cdp, close } = await slowTab(browser);
  const read = async () => Object.fromEntries((await cdp.send("Performance.getMetrics")).metrics.map(({ name, value }) => [name, value]));
  await prepare(tab);
  const loads = [];
  for (let i = 0; i < LOADS + 1; i++) {
    await tab.goto("about:blank");
    const before = await read();
    await tab.goto(url, { waitUntil: "load" });
    await pause(600);
    const after = await read();
    if (i) loads.push({ script: after.ScriptDuration - before.ScriptDuration, task: after.TaskDuration - before.TaskDuration });
  }
  await close();
  return { script: median(loads.map(({ script }) => script)), task: median(loads.map(({ task }) => task)) };
}

async function press(tab, control) {
  for (let box; ; await pause(50)) if ((box = await tab.evaluate(find, button(control)))) return tab.mouse.click(box.x, box.y);
}

const accept = (url) => async (tab) => {
  await tab.goto(url);
  await press(tab, "accept-all");
  await tab.waitForFunction(() => consentry.decision().decided && self.ran > 0);
};

/** From the click on accept: when its handlers were done, when the next frame was painted, and the longest of our own tasks. */
async function accepting(browser, url) {
  const { tab, close } = await slowTab(browser);
  await tab.goto(url, { waitUntil: "load" });
  await pause(500);
  await tab.evaluate(() => {
    frames_ = [];
    clicks = [];
    new PerformanceObserver((list) => frames_.push(...list.getEntries().map(({ startTime, duration, scripts }) => ({ startTime, duration, scripts: scripts.map((s) => ({ url: s.sourceURL, duration: s.duration, name: s.invoker })) })))).observe({ type: "long-animation-frame" });
    new PerformanceObserver((list) => clicks.push(...list.getEntries().filter(({ name }) => name === "click").map(({ startTime, processingStart, processingEnd, duration }) => ({ startTime, processingStart, processingEnd, duration })))).observe({ type: "event", durationThreshold: 16 });
  });
  await press(tab, "accept-all");
  await tab.waitForFunction((n) => self.ran >= n, {}, HELD);
  await pause(500);
  const { click, scripts } = await tab.evaluate(() => ({ click: clicks[0], scripts: frames_.flatMap(({ scripts }) => scripts) }));
  await close();
  const ours = scripts.filter(({ url }) => url.includes("/privacy/"));
  return { handlers: (click.processingEnd - click.processingStart) / 1000, paint: (click.startTime + click.duration - click.processingEnd) / 1000, longest: Math.max(0, ...ours.map(({ duration }) => duration)) / 1000 };
}

const internet = await startInternet(({ path }) => [path.endsWith("/js") ? "text/javascript" : "text/plain", path.endsWith("/js") ? "self.ran = (self.ran || 0) + 1" : ""]);
const browser = await startBrowser("chromium", internet.proxy);
const shops = {};
for (const mode of ["known", "marked"]) shops[mode] = await startShop(settings(mode), (path) => pages[path]?.());
try {
  const at = (mode, path) => shops[mode].origin + path;
  const rows = [
    [`${TAGS} tags, without a gate`, at("known", "/none")],
    [`${TAGS} unmodified tags, mode known, before a choice`, at("known", "/tags")],
    [`${TAGS} unmodified tags, mode known, granted`, at("known", "/tags"), accept(at("known", "/tags"))],
    [`${TAGS} marked tags, mode marked, before a choice`, at("marked", "/marked")],
    [`${TAGS} marked tags, mode marked, granted`, at("marked", "/marked"), accept(at("marked", "/marked"))],
    ["no tag, without a gate", at("known", "/bare")],
    ["no tag, mode known, chosen", at("known", "/empty"), accept(at("known", "/tags"))],
    ["no tag, mode marked, chosen", at("marked", "/empty"), accept(at("marked", "/marked"))],
  ];
  console.log(`Chromium, processor slowed down ${SLOWER} times, median of ${LOADS} loads\n\n| page | script | all tasks |\n|---|---|---|`);
  for (const [name, url, prepare] of rows) {
    const { script, task } = await cost(browser, url, prepare);
    console.log(`| ${name} | ${ms(script)} | ${ms(task)} |`);
  }
  console.log(`\n| accepting with ${HELD} held tags | click's handlers | from them to the next paint | longest of our scripts in a frame over 50 ms |\n|---|---|---|---|`);
  for (const mode of ["known", "marked"]) {
    const all = [];
    for (let i = 0; i < 5; i++) all.push(await accepting(browser, at(mode, "/accept")));
    console.log(`| mode ${mode}, worst of ${all.length} | ${["handlers", "paint", "longest"].map((what) => ms(Math.max(...all.map((one) => one[what])))).join(" | ")} |`);
  }
} finally {
  await browser.close();
  for (const shop of Object.values(shops)) await shop.stop();
  internet.stop();
}
