// A visitor's way through a page: before a choice, refused, reloaded, permitted,
// taken back, and on the page after that.
import { waitFor } from "../page.mjs";
import { answer, startSite } from "./site.mjs";

/** Long enough for something to be requested that should not be. */
export const settle = (ms = 700) => new Promise((resolve) => setTimeout(resolve, ms));

/** Opens a page of a site of its own, and closes both. */
export async function onPage(newPage, options, act) {
  const site = await startSite(options);
  const page = await newPage(options.as);
  try {
    await page.open(site.address + (options.path ?? ""));
    await quiet(site.third);
    await act(page, site);
  } finally {
    await page.close();
    await site.stop();
  }
}

/** Waits until the third party has heard nothing for a while. */
export async function quiet({ requests }, still = 700, longest = 20_000) {
  const end = Date.now() + longest;
  for (let before = -1; before !== requests.length && Date.now() < end; ) {
    before = requests.length;
    await settle(still);
  }
}

/** What was requested and ran since the last time. */
async function since(page, third) {
  await quiet(third);
  const ran = [...(await waitFor(() => page.evaluate(() => self.ran), "the page's own list")), ...third.ran.splice(0)]; // none while it is being left
  return { asked: third.asked.splice(0), ran };
}

/** Waits until these ways, { asked, ran } by name, have come; on a busy machine one lags behind another by seconds. */
async function arrived(page, third, { asked = [], ran = [] }) {
  const all = async () => [...third.ran, ...(await page.evaluate(() => self.ran ?? []))];
  const come = async () => asked.every((name) => third.asked.includes(name)) && (await all().then((list) => ran.every((name) => list.includes(name))));
  await waitFor(come, "all that is permitted").catch(() => {}); // the difference says more
}

/**
 * Goes through all of them; each tells what was requested and ran since the one before it.
 * look: { rejected, accepted } look at the page then; wanted: what a grant lets go.
 */
export async function stages(page, { third }, look = {}) {
  const stage = () => since(page, third);
  const before = await stage();
  await page.evaluate(answer, "d");
  const rejected = await stage();
  await look.rejected?.();
  await page.reload();
  const reloaded = await stage();
  await page.evaluate(answer, "g");
  await arrived(page, third, look.wanted ?? {});
  const accepted = await stage();
  await look.accepted?.();
  await page.evaluate(() => { self.left = true; });
  await page.evaluate(answer, "d");
  if (look.wanted) await waitFor(() => page.evaluate(() => !self.left && document.readyState === "complete"), "the page to start anew");
  const withdrawn = await stage();
  await page.reload();
  const later = await stage();
  return { before, rejected, reloaded, accepted, withdrawn, later };
}

/** What several loads of a page requested and ran while nothing was granted. */
export async function closedLoads(page, site, times) {
  const { accepted, ...shut } = await stages(page, site);
  const loads = Object.values(shut);
  for (let i = loads.length; i < times; i++) {
    await page.reload();
    loads.push(await since(page, site.third));
  }
  return loads;
}
