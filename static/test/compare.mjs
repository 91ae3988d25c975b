// This product beside others of its kind, on the same page, from the same server, in
// one run in Chromium: once as it is, once over a slow line (150 ms, 1.6 Mb/s) with a
// processor four times slower. Rounds are interleaved, so that whatever else the
// machine does meets all of them. make compare prints the tables, --write puts them
// into the README. Nothing here is a test.
import { brotliCompressSync } from "node:zlib";
import { tools as all, settings } from "./compare/tools.mjs";
import { startBrowser } from "./puppeteer.mjs";
import { writeBlock } from "./readme.mjs";
import { startShop } from "./shop.mjs";

const ROUNDS = +(process.env.ROUNDS ?? 15);
const MINUTES = +(process.env.MINUTES ?? 25); // no round begins after that
const slow = { latency: 150, downloadThroughput: 200_000, uploadThroughput: 200_000, rate: 4 }; // bytes a second

const answers = new Map();
const shop = await startShop(settings, (path) => answers.get(path));
const tools = all(shop.run("snippet", "shop", "--early").replace(/<!--.*?-->/gs, ""));
const text = "<p>Some text of a page, as long as a paragraph of a magazine would be on a telephone.</p>".repeat(40);
const page = ({ head = "", foot = "", tag = "" }) =>
  `<!doctype html><html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>Page</title><link rel="icon" href="data:,">${head}</head><body><main><h1>Page</h1>${text}</main>${tag}${foot}</body></html>`;

const types = { js: "text/javascript", css: "text/css", html: "text/html" };
const offer = (path, body, cached) => {
  const type = types[path.split(".").pop()] ?? types.html;
  answers.set(path, [type, brotliCompressSync(body), { "content-encoding": "br", "cache-control": cached ? "public, max-age=31536000, immutable" : "no-store" }]);
};
offer("/none", page({}));
offer("/tag.js", "self.tagAt = performance.now();");
for (const [name, tool] of Object.entries(tools)) {
  offer(`/${name}`, page(tool));
  for (const [file, body] of Object.entries(tool.files)) offer(`/peers/${file}`, body, true);
}

/**
 * Runs in every page before its own scripts: in which frame the button of layer one is
 * first seen and, after a click, first gone; with the time that looking took itself.
 */
const watch = (accept) => `{
  const seen = (el) => {
    if (!el?.checkVisibility({ opacityProperty: true, visibilityProperty: true })) return false;
    const { x, y, width, height } = el.getBoundingClientRect();
    return width > 0 && x + width / 2 > 0 && x + width / 2 < innerWidth && y + height / 2 > 0 && y + height / 2 < innerHeight;
  };
  self.measured = { own: 0 };
  const look = (what, wanted, since) => requestAnimationFrame(function frame() {
    const began = performance.now();
    const hit = seen(${accept}) === wanted;
    measured.own += performance.now() - began;
    if (!hit) return requestAnimationFrame(frame);
    const { port1, port2 } = new MessageChannel(); // comes after the frame
    port1.onmessage = () => { measured[what] = performance.now() - since; };
    port2.postMessage(0);
  });
  look("visible", true, 0);
  addEventListener("click", ({ timeStamp }) => look("gone", false, timeStamp), true);
}`;

const pause = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

/** A page of its own whose traffic and processor are watched, and slowed down if asked. */
async function openTab(context, { latency, downloadThroughput, uploadThroughput, rate } = {}) {
  const tab = await context.newPage();
  await tab.setViewport({ width: 1280, height: 800 });
  const cdp = await tab.createCDPSession();
  const got = new Map(); // by request
  let began;
  cdp.on("Network.requestWillBeSent", ({ requestId, request, timestamp }) => {
    began ??= timestamp;
    got.set(requestId, { path: new URL(request.url).pathname, size: 0 });
  });
  cdp.on("Network.loadingFinished", ({ requestId, encodedDataLength, timestamp }) => Object.assign(got.get(requestId) ?? {}, { size: encodedDataLength, at: (timestamp - began) * 1000 }));
  await cdp.send("Network.enable");
  await cdp.send("Performance.enable", { timeDomain: "threadTicks" });
  if (rate) {
    await cdp.send("Network.emulateNetworkConditions", { offline: false, latency, downloadThroughput, uploadThroughput });
    await cdp.send("Emulation.setCPUThrottlingRate", { rate });
  }
  const script = async () => (await cdp.send("Performance.getMetrics")).metrics.find(({ name }) => name === "ScriptDuration").value * 1000;
  return { tab, script, got: () => [...got.values()] };
}

const weigh = (list) => list.reduce((sum, { size }) => sum + size, 0);

/** A first visit, "accept all", and another visit; everything in milliseconds or bytes. */
async function visit(browser, origin, name, tool, speed) {
  const context = await browser.createBrowserContext();
  try {
    const { tab, script, got } = await openTab(context, speed);
    await tab.evaluateOnNewDocument(watch(tool.accept));
    await tab.goto(`${origin}/${name}`, { waitUntil: "load" });
    await tab.waitForFunction(() => measured.visible, { polling: 100 }).catch(({ message }) => { throw new Error(`${tool.name} is never seen: ${message}`); });
    await tab.waitForNetworkIdle({ idleTime: 800 });
    const { visible, own } = await tab.evaluate(() => measured);
    const first = got();
    const run = (await script()) - own;
    const { x, y } = await tab.evaluate(findButton(tool.accept));
    await tab.mouse.click(x, y);
    await tab.waitForFunction(() => measured.gone && self.tagAt, { polling: 100 });
    await tab.waitForNetworkIdle({ idleTime: 400 });
    const { gone } = await tab.evaluate(() => measured);
    const sizes = new Map(got().map(({ path, size }) => [path, size]));
    await tab.close();
    const again = await openTab(context, speed);
    await again.tab.goto(`${origin}/${name}`, { waitUntil: "load" });
    await again.tab.waitForFunction(() => self.tagAt, { polling: 100 });
    await again.tab.waitForNetworkIdle({ idleTime: 800 });
    // As if nothing were kept in the cache: what it asks for, at the size that it has come in.
    const back = weigh(again.got().filter(({ path }) => path !== "/tag.js").map(({ path, size }) => ({ size: sizes.get(path) || size })));
    return { early: weigh(first.filter(({ at }) => at <= visible)), whole: weigh(first), back, visible, script: run, gone, tag: await again.tab.evaluate(() => self.tagAt) };
  } finally {
    await context.close();
  }
}

const findButton = (accept) => `(() => { const { x, y, width, height } = (${accept}).getBoundingClientRect(); return { x: x + width / 2, y: y + height / 2 }; })()`;

/** What the page takes without any of them: its bytes, and the script time of looking at it. */
async function bare(browser, origin, speed) {
  const context = await browser.createBrowserContext();
  try {
    const { tab, script, got } = await openTab(context, speed);
    await tab.goto(`${origin}/none`, { waitUntil: "load" });
    await pause(300);
    return { bytes: weigh(got()), script: await script() };
  } finally {
    await context.close();
  }
}

const quantile = (list, q) => [...list].sort((a, b) => a - b)[Math.round((list.length - 1) * q)];
const median = (list) => quantile(list, 0.5);
const ms = (list) => `${median(list).toFixed(0)} (${quantile(list, 0.25).toFixed(0)}–${quantile(list, 0.75).toFixed(0)})`;
const fine = (list) => `${median(list).toFixed(1)} (${quantile(list, 0.25).toFixed(1)}–${quantile(list, 0.75).toFixed(1)})`;
const bytes = (list) => median(list).toLocaleString("en");
const line = (cells) => `| ${cells.join(" | ")} |`;

const columns = [
  ["bytes until it is seen", "early", bytes], ["bytes, first visit", "whole", bytes], ["bytes, later visit", "back", bytes],
  ["seen after, ms", "visible", ms], ["script, ms", "script", fine], ["click to gone, ms", "gone", ms], ["permitted tag runs after, ms", "tag", ms],
];

function table(title, results) {
  const rows = Object.entries(results).map(([name, list]) => [tools[name].name, ...columns.map(([, key, write]) => write(list.map((one) => one[key])))]);
  return [line([title, ...columns.map(([head]) => head)]), line(["---", ...columns.map(() => "--:")]), ...rows.map(line)].join("\n");
}

/** This product's share of the best of the others, or that of one of its rows. */
function share(results, key, own = "consentry") {
  const { consentry, early, ...others } = Object.fromEntries(Object.entries(results).map(([name, list]) => [name, median(list.map((one) => one[key]))]));
  return ({ consentry, early }[own] / Math.min(...Object.values(others))).toFixed(2);
}

async function measure(browser, origin) {
  const speeds = { plain: undefined, slow };
  const names = Object.keys(tools);
  const results = Object.fromEntries(Object.keys(speeds).map((speed) => [speed, Object.fromEntries(names.map((name) => [name, []]))]));
  const end = Date.now() + MINUTES * 60_000;
  let round = 0;
  for (; round < ROUNDS && Date.now() < end; round++)
    for (const [kind, speed] of Object.entries(speeds)) {
      const none = await bare(browser, origin, speed);
      for (let i = 0; i < names.length; i++) {
        const name = names[(round + i) % names.length]; // nobody is always first
        const one = await visit(browser, origin, name, tools[name], speed);
        results[kind][name].push({ ...one, early: one.early - none.bytes, whole: one.whole - none.bytes, back: one.back - none.bytes, script: one.script - none.script });
      }
      console.error(`round ${round + 1} of ${ROUNDS}, ${kind}`);
    }
  return { ...results, rounds: round };
}

const sentence = ({ plain, slow }) => `To the best of the others, as it is / slow: seen after ${share(plain, "visible")} / ${share(slow, "visible")} ×, with the early snippet ${share(plain, "visible", "early")} / ${share(slow, "visible", "early")} ×, script ${share(plain, "script")} / ${share(slow, "script")} ×, \
bytes until it is seen ${share(plain, "early")} ×, of the first visit ${share(plain, "whole")} × (a note that it was shown is counted; its second layer, with its cookie tables, comes when somebody reaches for it), of a later one ${share(plain, "back")} ×; \
only this one writes a record before a grant takes effect, which the others have no server for.`;

const browser = await startBrowser("chromium");
try {
  const results = await measure(browser, shop.origin);
  const day = new Date().toISOString().slice(0, 10);
  const chromium = `Chromium ${(await browser.version()).match(/\d+/)[0]}`;
  const title = (speed) => `${chromium}, ${speed}`;
  const printed = [`${day}, ${results.rounds} interleaved rounds; medians with quartiles; \`make compare\` prints it, [the setups](static/test/compare/tools.mjs). Bytes are brotli with headers, beyond the bare page's.`,
    table(title("as it is"), results.plain), table(title("150 ms, 1.6 Mb/s, processor 4 × slower"), results.slow), sentence(results)].join("\n\n");
  console.log(printed);
  if (process.argv.includes("--write")) writeBlock("compare", printed);
} finally {
  await browser.close();
  await shop.stop();
}
