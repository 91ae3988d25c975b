// WebKit: MiniBrowser of WebKitGTK, driven by WebKitWebDriver on a display of its own.
import { spawn } from "node:child_process";
import { existsSync, readdirSync } from "node:fs";
import { createServer } from "node:net";
import { openSession } from "./webdriver.mjs";
import { find, steady, waitFor } from "./page.mjs";

const driverPath = "/usr/bin/WebKitWebDriver";

/** Says what is missing, or "" when the engine can run. */
export function missing() {
  if (!existsSync(driverPath)) return "webkit2gtk-driver is not installed";
  if (!browserPath()) return "MiniBrowser is not installed (libwebkit2gtk-4.1-0)";
  return existsSync("/usr/bin/Xvfb") ? "" : "xvfb is not installed";
}

function browserPath() {
  const lib = "/usr/lib";
  for (const arch of readdirSync(lib).filter((name) => name.endsWith("-linux-gnu"))) {
    const path = `${lib}/${arch}/webkit2gtk-4.1/MiniBrowser`;
    if (existsSync(path)) return path;
  }
  return "";
}

/** dark: the system asks for dark colours. */
export async function launch({ through, dark } = {}) {
  const display = await startDisplay();
  const port = await freePort();
  const driver = spawn(driverPath, [`--port=${port}`, "--host=127.0.0.1"], {
    env: { ...process.env, DISPLAY: display.name, WEBKIT_DISABLE_COMPOSITING_MODE: "1", GTK_A11Y: "none", ...(dark && { GTK_THEME: "Adwaita:dark" }) },
    stdio: "ignore",
  });
  const base = `http://127.0.0.1:${port}`;
  await waitFor(() => fetch(`${base}/status`).then((answer) => answer.ok, () => false), "WebKitWebDriver to answer");
  return {
    newPage: (options) => newPage(base, { through, ...options }),
    close: async () => {
      driver.kill();
      display.stop();
    },
  };
}

// https://www.w3.org/TR/webdriver2/#keyboard-actions
const keys = { Tab: "\uE004", Enter: "\uE007", Space: " ", Escape: "\uE00C", End: "\uE010", Home: "\uE011", ArrowLeft: "\uE012", ArrowRight: "\uE014" };

// Every page is a session: MiniBrowser keeps nothing between two of them.
async function newPage(base, { javascript = true, width = 1280, height = 900, through } = {}) {
  const args = ["--automation"];
  if (!javascript) args.push("--enable-javascript=false");
  if (through) args.push(`--proxy=http://${through}`, "--ignore-host=localhost", "--ignore-tls-errors");
  const behind = through && { acceptInsecureCerts: true };
  const all = await openSession(base, { "webkitgtk:browserOptions": { binary: browserPath(), args }, ...behind });
  await all.resize(width, height);
  return openTab(all, await all.window(), all.close);
}

/** The tab with this handle; every command first turns to it. */
function openTab(all, handle, close) {
  const session = Object.fromEntries(Object.entries(all).map(([name, command]) => [name, async (...args) => {
    await all.switchTo(handle);
    return command(...args);
  }]));
  const at = (selector) => session.execute(find.toString(), [selector]);
  const run = (fn, ...args) => session.execute(fn.toString(), args);
  return {
    open: session.open,
    reload: session.reload,
    url: session.url,
    back: session.back,
    sibling: async () => {
      const tab = await all.newTab();
      return openTab(all, tab, async () => { await all.switchTo(tab); await all.closeTab(); });
    },
    evaluate: run,
    exists: async (selector) => (await at(selector)) !== null,
    click: async (selector) => {
      const box = await steady(at, selector);
      await session.clickAt(Math.round(box.x), Math.round(box.y));
    },
    press: (key) => session.press([keys[key]]),
    type: (text) => session.press([...text]),
    cookies: session.cookies,
    resize: session.resize,
    screenshot: session.screenshot,
    close,
  };
}

async function startDisplay() {
  const server = spawn("Xvfb", ["-displayfd", "3", "-screen", "0", "3840x2400x24", "-nolisten", "tcp"], { stdio: ["ignore", "ignore", "ignore", "pipe"] });
  const number = await new Promise((resolve, reject) => {
    server.stdio[3].once("data", (text) => resolve(String(text).trim()));
    server.once("exit", () => reject(new Error("Xvfb did not start")));
  });
  return { name: `:${number}`, stop: () => server.kill() };
}

function freePort() {
  return new Promise((resolve) => {
    const probe = createServer();
    probe.listen(0, "127.0.0.1", () => {
      const { port } = probe.address();
      probe.close(() => resolve(port));
    });
  });
}
