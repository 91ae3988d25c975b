// A visitor's way through a page: before a choice, refused, reloaded, permitted,
// taken back, and on the page after that.
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
export async function quiet({ requests }, still = 700, longest = 6000) {
  const end = Date.now() + longest;
  for (let before = -1; before !== requests.length && Date.now() < end; ) {
    before = requests.length;
    await settle(still);
  }
}

/** What was requested and ran since the last time. */
async function since(page, third) {
  await quiet(third);
  const ran = [...(await page.evaluate(() => self.ran)), ...third.ran.splice(0)];
  return { asked: third.asked.splice(0), ran };
}

/** Goes through all of them; each tells what was requested and ran since the one before it. look: { rejected, accepted } look at the page then. */
export async function stages(page, { third }, look = {}) {
  const stage = () => since(page, third);
  const before = await stage();
  await page.evaluate(answer, "d");
  const rejected = await stage();
  await look.rejected?.();
  await page.reload();
  const reloaded = await stage();
  await page.evaluate(answer, "g");
  const accepted = await stage();
  await look.accepted?.();
  await page.evaluate(answer, "d");
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
