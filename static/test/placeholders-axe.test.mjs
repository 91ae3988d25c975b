// The field's own accessibility rules on placeholders: as they stand, with their
// message, and opened where there was no room.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { after, before, describe, it } from "node:test";
import { inEveryEngine } from "./engines.mjs";
import { waitFor } from "./page.mjs";
import { placeholder, press } from "./placeholders/see.mjs";
import { startSite } from "./placeholders/site.mjs";

const axe = readFileSync(new URL("../node_modules/axe-core/axe.min.js", import.meta.url), "utf8");
const tags = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"];

/** Runs in the page: what is violated in it, in words; and how many rules found something to look at. */
async function judge(tags) {
  const { violations, passes } = await self.axe.run("main", { runOnly: tags });
  return { wrong: violations.map(({ id, nodes }) => `${id}: ${nodes.map(({ target }) => target.flat()).join(" ")}`), passed: passes.length };
}

inEveryEngine((newPage, engine) => {
  if (engine !== "chromium") return;
  describe("placeholders under the rules of axe", () => {
    let site;
    before(async () => { site = await startSite(); });
    after(async () => { await site?.stop(); });
    for (const scheme of ["light", "dark"])
      for (const lang of ["en", "ar"])
        for (const width of [320, 1280])
          it(`${scheme}, ${lang}, ${width} pixels`, async () => {
            const page = await newPage({ width, height: 900, scheme });
            const clean = async (what) => {
              const { wrong, passed } = await page.evaluate(judge, tags);
              assert.deepEqual(wrong, [], what);
              assert.ok(passed > 5, `${what}: ${passed} rules found something`);
            };
            try {
              site.broken = 0;
              await page.open(`${site.origin}/${lang}/two`);
              await placeholder(page);
              await page.evaluate(axe);
              await clean("as they stand");
              site.broken = 503;
              if (width > 320) {
                await press(page, "load-once");
                await waitFor(async () => (await placeholder(page)).failed, "the message");
                await clean("with the message");
              }
              await press(page, "more", "other");
              await clean("opened");
            } finally {
              await page.close();
            }
          });
  });
});
