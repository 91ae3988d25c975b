// Measures what the gate holds in every engine and writes the README's table:
// node test/table.mjs. ways.test.mjs fails where an engine does worse than it says.
import { launchers } from "./engines.mjs";
import { made } from "./ways/made.mjs";
import { marked } from "./ways/marked.mjs";
import { open } from "./ways/open.mjs";
import { outcomesOf, rows, writeTable } from "./ways/outcomes.mjs";
import { parsed } from "./ways/parsed.mjs";
import { closedLoads, onPage } from "./ways/stages.mjs";
import { body } from "./ways/way.mjs";

const auto = { gate: "gate-auto", block: "known" };
const kinds = { Marked: [marked, { gate: "gate" }], "Made by scripts": [made, auto], "In the page's HTML": [parsed, auto] };
for (const [kind, ways] of Object.entries(open)) kinds[kind] = [ways, auto];

const results = Object.fromEntries(Object.keys(kinds).map((kind) => [kind, {}]));
for (const [engine, { launch }] of Object.entries(launchers)) {
  const browser = await launch();
  for (const [kind, [ways, options]] of Object.entries(kinds))
    await onPage(browser.newPage, { ...options, ways, page: body(ways) }, async (page, site) => {
      results[kind][engine] = outcomesOf(ways, await closedLoads(page, site, 10), engine);
    });
  await browser.close();
}
const title = { chromium: "Chromium", firefox: "Firefox", webkit: "WebKit" };
writeTable(Object.keys(launchers).map((engine) => title[engine]), Object.entries(kinds).flatMap(([kind, [ways]]) => rows(kind, ways, results[kind])));
