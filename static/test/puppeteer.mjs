// Chromium over the DevTools protocol and Firefox over WebDriver BiDi.
import { existsSync } from "node:fs";
import puppeteer from "puppeteer-core";
import { find, steady } from "./page.mjs";

const browsers = {
  chromium: {
    browser: "chrome",
    executablePath: "/usr/bin/chromium",
    args: ["--no-sandbox", "--disable-background-networking", "--disable-component-update", "--no-first-run", "--disable-dev-shm-usage"],
  },
  firefox: {
    browser: "firefox",
    executablePath: "/usr/bin/firefox-esr",
    extraPrefsFirefox: {
      "app.normandy.enabled": false,
      "app.update.disabledForTesting": true,
      "browser.safebrowsing.downloads.enabled": false,
      "datareporting.healthreport.uploadEnabled": false,
      "network.captive-portal-service.enabled": false,
      "network.connectivity-service.enabled": false,
      "network.http.speculative-parallel-limit": 6, // off under automation, and preconnect with it
      "services.settings.server": "data:,#remote-settings-dummy/v1",
    },
  },
};

/** Says what is missing, or "" when the engine can run. */
export const missing = (name) => (existsSync(browsers[name].executablePath) ? "" : `${browsers[name].executablePath} is not installed`);

/**
 * through: the host and port of a proxy for all but this machine, whose certificates
 * are believed. undriven: Chromium does not tell pages that a program drives it. dark:
 * Firefox is on a system that asks for dark colours; Chromium's pages can be told.
 */
export async function launch(name, { through, undriven, dark } = {}) {
  const args = undriven ? ["--disable-blink-features=AutomationControlled"] : [];
  const prefs = dark ? { "layout.css.prefers-color-scheme.content-override": 0 } : {};
  const browser = await (through ? startThrough(name, through) : start(name, prefs, { args: [...(browsers[name].args ?? []), ...args] }));
  return { newPage: (options) => newPage(browser, options), close: () => browser.close() };
}

/** Puppeteer's own browser, for measurements that need more than a page offers. */
export const startBrowser = (name, through) => (through ? startThrough(name, through) : start(name));

const start = (name, prefs, more) =>
  puppeteer.launch({ ...browsers[name], ...more, headless: true, timeout: 120_000, extraPrefsFirefox: { ...browsers[name].extraPrefsFirefox, ...prefs } });

function startThrough(name, through) {
  const [host, port] = through.split(":");
  const proxy = Object.fromEntries(["http", "ssl"].flatMap((kind) => [[`network.proxy.${kind}`, host], [`network.proxy.${kind}_port`, +port]]));
  const args = name === "chromium" ? { args: [...browsers.chromium.args, `--proxy-server=${through}`, "--proxy-bypass-list=localhost"] } : {};
  return start(name, { "network.proxy.type": 1, "network.proxy.no_proxies_on": "localhost", ...proxy }, { acceptInsecureCerts: true, ...args });
}

// What Firefox is told by its preferences alone takes a browser of its own.
async function apart(prefs) {
  const other = await start("firefox", prefs);
  const context = await other.createBrowserContext();
  return { context, page: await context.newPage(), close: () => other.close() };
}

// Firefox cannot switch scripts off over BiDi yet.
async function withoutScripts(browser) {
  const context = await browser.createBrowserContext();
  const page = await context.newPage();
  try {
    await page.setJavaScriptEnabled(false);
    return { context, page, close: () => dispose(context) };
  } catch {
    await context.close();
    return apart({ "javascript.enabled": false });
  }
}

// Chromium now and then never answers when a page is closed while it loads; the
// context then lasts until the browser is closed.
const dispose = (context) => Promise.race([context.close(), new Promise((resolve) => setTimeout(resolve, 5000))]);

async function withScripts(browser) {
  const context = await browser.createBrowserContext();
  return { context, page: await context.newPage(), close: () => dispose(context) };
}

/**
 * How the visitor has set the browser up: text is the size of letters in pixels, forced
 * shows the visitor's own colours instead of the page's.
 */
async function withSettings(browser, { text, forced }) {
  if (!isChromium(browser))
    return apart({
      ...(text && Object.fromEntries(["x-western", "x-unicode", "ar"].map((letters) => [`font.size.variable.${letters}`, text]))),
      ...(forced && { "browser.display.document_color_use": 2 }),
    });
  const it = await withScripts(browser);
  if (text) await (await it.page.createCDPSession()).send("Page.setFontSizes", { fontSizes: { standard: text } });
  if (forced) await emulation(it.page)({ "forced-colors": "active" });
  return it;
}

// Every page has a context, and so a cookie jar, of its own.
async function newPage(browser, { javascript = true, width = 1280, height = 900, scheme, agent, text, forced } = {}) {
  const { context, page, close } = await (text || forced ? withSettings(browser, { text, forced }) : (javascript ? withScripts : withoutScripts)(browser));
  if (agent) await page.setUserAgent({ userAgent: agent });
  return openTab(context, page, close, { width, height, scheme });
}

async function openTab(context, page, close, { width, height, scheme }) {
  await page.setViewport({ width, height });
  if (scheme) await page.emulateMediaFeatures([{ name: "prefers-color-scheme", value: scheme }]);
  const complaints = [];
  page.on("console", (message) => { if (message.type() === "error") complaints.push(message.text()); });
  page.on("pageerror", (error) => complaints.push(String(error)));
  const run = (fn, ...args) => settled(() => page.evaluate(fn, ...args));
  const at = (selector) => run(find, selector);
  return {
    /** What the page's console was told as an error. */
    complaints,
    open: (url) => opened(page, url),
    reload: () => page.reload({ waitUntil: "load" }),
    url: async () => page.url(),
    // A page from the browser's memory does not always say that it has loaded: what is awaited on it is asked of itself.
    back: () => page.goBack({ waitUntil: "load", timeout: 10_000 }).catch((error) => { if (error.name !== "TimeoutError") throw error; }),
    /** Another tab of the same browser, with the same cookies. */
    sibling: async () => {
      const tab = await context.newPage();
      return openTab(context, tab, () => tab.close(), { width, height, scheme });
    },
    evaluate: run,
    exists: async (selector) => (await at(selector)) !== null,
    click: async (selector) => {
      const box = await steady(at, selector);
      await page.mouse.click(box.x, box.y);
    },
    press: (key) => page.keyboard.press(key),
    type: (text) => page.keyboard.type(text),
    /** Sends Global Privacy Control from the next page on, as extensions do that bring it to a browser. */
    signal: async () => {
      await page.setExtraHTTPHeaders({ "sec-gpc": "1" });
      await page.evaluateOnNewDocument(() => Object.defineProperty(Navigator.prototype, "globalPrivacyControl", { get: () => true }));
    },
    cookies: () => context.cookies(),
    /** Media features by name, such as "forced-colors", and the medium, such as "print"; Chromium alone has it. */
    media: isChromium(page.browser()) && emulation(page),
    resize: (w, h) => page.setViewport({ width: w, height: h }),
    screenshot: (options) => page.screenshot({ type: "png", ...options }),
    close,
  };
}

const isChromium = (browser) => browsers.chromium.executablePath === browser.process()?.spawnfile;

// Puppeteer's own command knows too few features.
function emulation(page) {
  let session;
  return async (features, media = "") => {
    session ||= await page.createCDPSession();
    await session.send("Emulation.setEmulatedMedia", { media, features: Object.entries(features).map(([name, value]) => ({ name, value })) });
  };
}

// Firefox now and then never answers when it is sent on while it is still on its way: it is sent once more.
async function opened(page, url) {
  const late = new Promise((resolve) => setTimeout(resolve, 45_000, "late").unref());
  const first = await Promise.race([page.goto(url, { waitUntil: "load" }), late]);
  return first === "late" ? page.goto(url, { waitUntil: "load" }) : first;
}

// A page that is just being left answers nothing: ask the one that follows.
async function settled(ask) {
  for (let tries = 0; ; tries++) {
    try {
      return await ask();
    } catch (error) {
      if (tries > 40 || !/context was destroyed|navigat|detached|discarded|target closed/i.test(error.message)) throw error;
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
  }
}
