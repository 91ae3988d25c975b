// What the gate costs a page, in Chromium with its processor slowed down four times,
// each line beside the same page without it, in the same run. Times are the page's
// own share of the processor, so that other work on the machine changes them little.
// node test/bench.mjs prints them, --write puts them into the README.
import { startInternet } from "./internet.mjs";
import { find } from "./page.mjs";
import { startBrowser } from "./puppeteer.mjs";
import { writeBlock } from "./readme.mjs";
import { startShop } from "./shop.mjs";
import { button } from "./visit.mjs";

const SLOWER = 4;
const LOADS = +(process.env.LOADS ?? 7);
const CLICKS = +(process.env.CLICKS ?? 5);
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
const text = "<p>Some text of a page.</p>".repeat(200);
const page = (gate, tags) => () => ["text/html", `<!doctype html><html lang="en"><head><title>Page</title><script>ran = 0</script>${gate ? '<script src="/privacy/gate.js"></script>' : ""}</head><body>${text}${tags}</body></html>`];
const yardstick = '<button data-do="yardstick" onclick="this.hidden = true">A button of the page\'s own</button>';
const pages = {
  "/none": page(false, several(plain, TAGS)), "/tags": page(true, several(plain, TAGS)), "/marked": page(true, several(marked, TAGS)),
  "/accept": page(true, several(marked, HELD)), "/bare": page(false, yardstick), "/empty": page(true, ""),
};

const pause = (ms) => new Promise((resolve) => setTimeout(resolve, ms));
const median = (list) => [...list].sort((a, b) => a - b)[list.length >> 1];
const ms = (seconds) => `${(seconds * 1000).toFixed(1)} ms`;

async function slowTab(context) {
  const tab = await context.newPage();
  const cdp = await tab.createCDPSession();
  await cdp.send("Performance.enable", { timeDomain: "threadTicks" });
  await cdp.send("Emulation.setCPUThrottlingRate", { rate: SLOWER });
  const read = async () => Object.fromEntries((await cdp.send("Performance.getMetrics")).metrics.map(({ name, value }) => [name, value]));
  /** Script and whole task time of a page from its first byte, which both are counted from, until it has come to rest. */
  const cost = async (load) => {
    await load();
    await pause(700);
    const { ScriptDuration: script, TaskDuration: task } = await read();
    return { script, task };
  };
  return { tab, cost };
}

/** Does act with a visitor of its own, who has these cookies. */
async function visiting(browser, cookies, act) {
  const context = await browser.createBrowserContext();
  try {
    if (cookies.length) await context.setCookie(...cookies);
    return await act(context);
  } finally {
    await context.close();
  }
}

/** What opening a page costs in a process that has just been started, and what doing so again costs; medians. */
async function costs(browser, url, cookies = []) {
  const first = [];
  const again = [];
  for (let i = 0; i < LOADS; i++)
    await visiting(browser, cookies, async (context) => {
      const { tab, cost } = await slowTab(context);
      first.push(await cost(() => tab.goto(url, { waitUntil: "load" })));
      again.push(await cost(() => tab.reload({ waitUntil: "load" })));
    });
  const middle = (list, what) => median(list.map((one) => one[what]));
  return Object.fromEntries(Object.entries({ first, again }).flatMap(([when, list]) => [[`${when} script`, middle(list, "script")], [`${when} task`, middle(list, "task")]]));
}

async function press(tab, control) {
  for (let box; ; await pause(50)) if ((box = await tab.evaluate(find, button(control)))) return tab.mouse.click(box.x, box.y);
}

/** The cookies of a visitor who has accepted. */
const accepted = (browser, url) =>
  visiting(browser, [], async (context) => {
    const tab = await context.newPage();
    await tab.goto(url);
    await press(tab, "accept-all");
    await tab.waitForFunction(() => consentry.decision().decided && self.ran > 0);
    return context.cookies();
  });

/**
 * Runs in the page, before the click that it watches: when its handlers began and ended, when the
 * frame after it had been painted, and what ran in frames of over 50 ms.
 */
function watch() {
  frames_ = [];
  clicks = [];
  new PerformanceObserver((list) => frames_.push(...list.getEntries().flatMap(({ scripts }) => scripts.map(({ sourceURL, duration }) => ({ url: sourceURL, duration }))))).observe({ type: "long-animation-frame" });
  let began;
  addEventListener("click", () => { began = performance.now(); }, true);
  addEventListener("click", () => {
    const ended = performance.now();
    const { port1, port2 } = new MessageChannel();
    port1.onmessage = () => clicks.push({ handlers: ended - began, paint: performance.now() - ended });
    requestAnimationFrame(() => port2.postMessage(0)); // comes after the frame
  });
}

/** From a click: its handlers, from them to the next frame's end, and the longest of our own scripts in a frame of over 50 ms. */
const clicking = (browser, url, control, done) =>
  visiting(browser, [], async (context) => {
    const { tab } = await slowTab(context);
    await tab.goto(url, { waitUntil: "load" });
    await pause(700);
    await tab.evaluate(watch);
    await press(tab, control);
    await tab.waitForFunction(done, {}, HELD);
    await tab.waitForFunction(() => clicks[0]);
    await pause(300);
    const { click, scripts } = await tab.evaluate(() => ({ click: clicks[0], scripts: frames_ }));
    const ours = scripts.filter(({ url }) => url.includes("/privacy/")).map(({ duration }) => duration);
    return Object.fromEntries(Object.entries({ ...click, longest: Math.max(0, ...ours) }).map(([what, ms]) => [what, ms / 1000]));
  });

/** Middle and worst of several clicks. */
async function clicks(browser, url, control, done) {
  const all = [];
  for (let i = 0; i < CLICKS; i++) all.push(await clicking(browser, url, control, done));
  return ["handlers", "paint", "longest"].map((what) => [median(all.map((one) => one[what])), Math.max(...all.map((one) => one[what]))].map(ms).join(" / "));
}

const line = (cells) => `| ${cells.join(" | ")} |`;
const table = (head, rows) => [line(head), line(head.map(() => "---")), ...rows.map(line)].join("\n");

async function loading(browser, at, cookies) {
  const beside = async (name, url, without, jar) => {
    const it = await costs(browser, url, jar);
    return [name, ...["first", "again"].flatMap((when) => [`${ms(it[`${when} script`])}, without the gate ${ms(without[`${when} script`])}`, `${(it[`${when} task`] / without[`${when} task`]).toFixed(2)} ×`])];
  };
  const tagged = await costs(browser, at("known", "/none"));
  const bare = await costs(browser, at("known", "/bare"));
  const rows = [];
  for (const [mode, path, kind] of [["known", "/tags", "unmodified"], ["marked", "/marked", "marked"]]) {
    rows.push(await beside(`${TAGS} ${kind} tags, mode \`${mode}\`, before a choice`, at(mode, path), tagged));
    rows.push(await beside(`${TAGS} ${kind} tags, mode \`${mode}\`, permitted`, at(mode, path), tagged, cookies[mode]));
    rows.push(await beside(`no tag, mode \`${mode}\`, after a choice`, at(mode, "/empty"), bare, cookies[mode]));
  }
  return table([`Loading a page, processor ${SLOWER} × slower`, "script time, new process", "all tasks, to those without", "script time, opened again", "all tasks, to those without"], rows);
}

async function accepting(browser, at) {
  const all = (held) => self.ran >= held;
  const rows = [["a button of the page that hides itself", ...(await clicks(browser, at("known", "/bare"), "yardstick", () => true))]];
  for (const mode of ["known", "marked"]) rows.push([`*accept all* with ${HELD} held tags, mode \`${mode}\``, ...(await clicks(browser, at(mode, "/accept"), "accept-all", all))]);
  return table(["A click, middle / worst of " + CLICKS, "its handlers", "from them to the end of the next frame", "our longest script in a frame of over 50 ms"], rows);
}

const internet = await startInternet(({ path }) => [path.endsWith("/js") ? "text/javascript" : "text/plain", path.endsWith("/js") ? "self.ran = (self.ran || 0) + 1" : ""]);
const browser = await startBrowser("chromium", internet.proxy);
const shops = {};
for (const mode of ["known", "marked"]) shops[mode] = await startShop(settings(mode), (path) => pages[path]?.());
try {
  const at = (mode, path) => shops[mode].origin + path;
  const cookies = { known: await accepted(browser, at("known", "/tags")), marked: await accepted(browser, at("marked", "/marked")) };
  const tables = [await loading(browser, at, cookies), await accepting(browser, at)];
  console.log(tables.join("\n\n"));
  if (process.argv.includes("--write")) writeBlock("bench", ["What the gate costs a page in Chromium; `make bench` prints it.", ...tables].join("\n\n"));
} finally {
  await browser.close();
  for (const shop of Object.values(shops)) await shop.stop();
  internet.stop();
}
