// Inline scripts of a page that arrives in pieces, as networks deliver pages: held
// wherever it is cut.
import assert from "node:assert/strict";
import { it } from "node:test";
import { inEveryEngine } from "./engines.mjs";
import { answer } from "./ways/site.mjs";
import { onPage, settle } from "./ways/stages.mjs";

const long = `/*${"x".repeat(70_000)}*/`; // more than parsers hand over at once

const cuts = {
  "at its beginning": (url) => `<script>CUTevilBootstrap("${url}")</script>`,
  "in the middle of a word": (url) => `<script>"use strict"; evilBootCUTstrap("${url}")</script>`,
  "twice": (url) => `<script>\nCUT\n evilBootCUTstrap("${url}")</script>`,
  "after what is looked for": (url) => `<script>evilBootstrap(CUT"${url}"CUT)CUT</script>`,
  "after much": (url) => `<script>${long}CUT;evilBootCUTstrap("${url}")</script>`,
  "before much": (url) => `<script>;CUT${long}evilBootCUTstrap("${url}")</script>`,
  "at a tag that is none": (url) => `<script>if (1 < 2) ;CUT;if (1 <2CUT) evilBootstrap("${url}")</script>`,
  "in its tags": (url) => `<scrCUTipt>evilBootstrap("${url}")</scrCUTipt>`,
};

inEveryEngine((newPage) => {
  it("a script that arrives in pieces is held, and runs once after a grant", () =>
    onPage(newPage, { gate: "gate-auto", block: "known", page: (url) => Object.entries(cuts).map(([name, code]) => code(url(name))).join("<p>and</p>") }, async (page, { third }) => {
      assert.deepEqual([await page.evaluate(() => ran), third.asked], [[], []]);
      await page.evaluate(answer, "g");
      await settle();
      assert.deepEqual(await page.evaluate(() => ran), Object.keys(cuts));
    }));
});
