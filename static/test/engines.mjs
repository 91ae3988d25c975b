// The engines that the tests run in: ENGINES=chromium,firefox,webkit, all by default.
// One that is not installed is skipped with its reason, and fails when CI=true.
import { after, before, describe } from "node:test";
import * as puppeteer from "./puppeteer.mjs";
import * as webkit from "./webkit.mjs";

const known = {
  chromium: { missing: () => puppeteer.missing("chromium"), launch: (options) => puppeteer.launch("chromium", options) },
  firefox: { missing: () => puppeteer.missing("firefox"), launch: (options) => puppeteer.launch("firefox", options) },
  webkit,
};

const wanted = (process.env.ENGINES ?? Object.keys(known).join(",")).split(",").filter(Boolean);

function engineOf(name) {
  if (!known[name]) throw new Error(`ENGINES names ${name}; known are ${Object.keys(known).join(", ")}`);
  return known[name];
}

/** The wanted engines by name, for scripts. */
export const launchers = Object.fromEntries(wanted.map((name) => [name, engineOf(name)]));

/**
 * Runs the same tests in every engine. tests(newPage, name) declares them; newPage
 * opens a page with an empty cookie jar, which the caller closes. options(name) is asked
 * for how to launch.
 */
export function inEveryEngine(tests, options) {
  for (const [name, engine] of Object.entries(launchers)) {
    const reason = engine.missing();
    if (reason && process.env.CI === "true") throw new Error(`${name}: ${reason}`);
    describe(name, { skip: reason || false }, () => {
      let browser;
      before(async () => { browser = await engine.launch(await options?.(name)); });
      after(async () => { await browser?.close(); });
      tests((options) => browser.newPage(options), name);
    });
  }
}
