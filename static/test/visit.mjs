// What a visitor does and sees, in the words of the tests.
import assert from "node:assert/strict";
import { waitFor } from "./page.mjs";

/** Vendors' scripts and frames on the article, by service. */
export const tags = {
  ga4: "/www.googletagmanager.com/gtag/js",
  matomo: "/matomo.example/matomo.js",
  youtube: "/www.youtube-nocookie.com/embed/k1lnAndL3af",
  addtoany: "/static.addtoany.com/menu/page.js",
};

/** The page that carries every tag. */
export const article = "/journal/three-infusions";

export const button = (control) => `[data-do="${control}"]`;

/** Opens the page and waits for the banner. */
export async function visit(page, address) {
  await page.open(address);
  await waitFor(() => page.exists(button("accept-all")), "the banner");
}

/**
 * Opens a page that wants another made ready, until ready says that it is: a browser
 * is free not to, and on a busy machine Chromium now and then does not.
 */
export async function madeReady(open, ready) {
  for (let tries = 4; ; tries--) {
    await open();
    try {
      return await waitFor(ready, "the page to be made ready", 6000);
    } catch (error) {
      if (tries === 1) throw error;
    }
  }
}

/** Waits until the browser knows that its decision was recorded: a page that opens before that sends it again. */
export const recorded = (page) => waitFor(() => page.evaluate(() => !Object.keys(localStorage).some((key) => key.endsWith(":pending"))).catch(() => false), "the answer");

export const bannerGone = (page) => waitFor(async () => !(await page.exists(button("reject-all"))), "the banner to go");

/** Opens the preferences by the footer's link, as on any later visit. */
export async function openSettings(page) {
  await page.click('footer [href="#consentry-settings"]');
  await waitFor(() => page.exists(button("save")), "the preferences");
}

/** The cookies by name, once the sealed one is there. */
export async function settledCookies(page) {
  return waitFor(async () => {
    const jar = Object.fromEntries((await page.cookies()).map((cookie) => [cookie.name, cookie]));
    return jar.consentry && jar.consentry_hint && jar;
  }, "both cookies");
}

/** What the hint cookie says: { analytics: "g", … }. */
export function hintOf(jar) {
  const parts = jar.consentry_hint.value.split(".").slice(2);
  return Object.fromEntries(parts.map((part) => part.split("~").slice(0, 2)));
}

/** The sealed cookie is out of scripts' reach, the hint is not, and both last. */
export async function checkCookies(page, jar) {
  assert.equal(jar.consentry.httpOnly, true, "the sealed cookie is HttpOnly");
  assert.equal(jar.consentry_hint.httpOnly, false, "the hint is readable");
  assert.equal(jar.consentry.sameSite, "Lax");
  const expires = jar.consentry.expires ?? jar.consentry.expiry;
  const days = (expires - Date.now() / 1000) / 86_400;
  assert.ok(days > 179 && days <= 391, `the sealed cookie lasts ${days.toFixed(1)} days`);
  const readable = await page.evaluate(() => document.cookie);
  assert.match(readable, /(^|; )consentry_hint=/);
  assert.doesNotMatch(readable, /(^|; )consentry=/);
}

/** Exactly these services' tags were requested, each once; others not at all. */
export async function checkRequests(product, services) {
  const wanted = services.map((service) => tags[service]).sort();
  const loaded = async () => (await product.requests()).filter((path) => Object.values(tags).includes(path)).sort();
  await waitFor(async () => (await loaded()).length >= wanted.length, "requests").catch(() => {}); // the difference says more
  await settle();
  assert.deepEqual(await loaded(), wanted);
}

/** Nothing at all reached a vendor. */
export async function checkSilence(product) {
  await settle();
  assert.deepEqual(await product.requests(), []);
}

/** The panel names these services as ran, and all others as held. */
export async function checkPanel(page, services) {
  const read = () => page.evaluate(() => [...document.querySelectorAll('.tags [data-state="ran"]')].map((el) => el.dataset.tag).sort());
  await waitFor(async () => (await read()).length >= services.length, `the panel to show ${services}`);
  assert.deepEqual(await read(), [...services].sort());
}

// Long enough for a tag that should not have started to show itself.
const settle = () => new Promise((resolve) => setTimeout(resolve, 700));
