// What is held, and let go: every way of loading, in every engine.
import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { inEveryEngine } from "./engines.mjs";
import { waitFor } from "./page.mjs";
import { made, marked, parsed } from "./ways/list.mjs";
import { answer, startSite } from "./ways/site.mjs";

const settle = () => new Promise((resolve) => setTimeout(resolve, 1200));
const names = (ways) => ways.map(({ name }) => name);
const markup = (ways) => (url) => ways.map((way) => way.markup.replaceAll("URL", url(way.name))).join("\n");
const scripts = (ways) => (url) => ways.map((way) => `<script>{ const URL = ${JSON.stringify(url(way.name))}; try { ${way.code} } catch (e) { rejected.push(e.message) } }</script>`).join("\n");
const count = (list) => list.reduce((counts, name) => ({ ...counts, [name]: (counts[name] ?? 0) + 1 }), {});

inEveryEngine((newPage, engine) => {
  /** Opens a page of ways and closes all again. */
  async function on(options, act) {
    const site = await startSite(options);
    const page = await newPage();
    try {
      await page.open(site.address);
      await settle();
      await act(page, site.third, site);
    } finally {
      await page.close();
      await site.stop();
    }
  }

  it("without a gate every way loads: the tests can fail", () =>
    on({ gate: null, page: (url) => markup(parsed)(url) + scripts(made)(url) }, async (page, third) => {
      for (const way of [...parsed, ...made]) assert.equal(third.asked.includes(way.name), way.without !== engine, way.name);
    }));

  it("marked tags are never requested before a grant, and once after it", () =>
    on({ gate: "gate", page: markup(marked) }, async (page, third, site) => {
      assert.deepEqual(third.asked, []);
      await page.evaluate(answer, "d");
      await settle();
      assert.deepEqual(third.asked, []);
      await page.reload();
      await settle();
      assert.deepEqual(third.asked, []);
      await page.evaluate(answer, "g");
      await waitFor(() => third.asked.length >= marked.length, "all").catch(() => {});
      await settle();
      const media = ["marked video", "marked audio", "marked source"];
      const counts = count(third.asked);
      assert.deepEqual(names(marked).filter((name) => (media.includes(name) ? !counts[name] : counts[name] !== 1)), [], JSON.stringify(counts));
    }));

  it("what scripts make is not requested before a grant, and once after it", () =>
    on({ gate: "gate-auto", block: "known", page: scripts(made) }, async (page, third) => {
      assert.deepEqual(third.asked, []);
      await page.evaluate(answer, "d");
      await settle();
      assert.deepEqual(third.asked, []);
      const rejected = await page.evaluate(() => rejected);
      for (const name of ["TypeError", "xhr", "es", "ws", "worker"]) assert.ok(rejected.includes(name), `${name} in ${rejected}`);
      await page.evaluate(answer, "g");
      await settle();
      await settle();
      const counts = count(third.asked);
      const wanted = made.filter(({ plain, held, without }) => !plain && held !== false && without !== engine);
      assert.deepEqual(names(wanted).filter((name) => counts[name] !== 1), [], JSON.stringify(counts));
    }));

  it("what the page itself holds does not run before a grant", () =>
    on({ gate: "gate-auto", block: "known", page: markup(parsed) }, async (page, third) => {
      assert.deepEqual(await page.evaluate(() => ran), []);
      const early = new Set(third.asked);
      if (process.env.REPORT) console.log(engine, [...early]);
      for (const name of early) assert.ok(parsed.find((way) => way.name === name).scanned, `${name} was requested`);
      await page.evaluate(answer, "g");
      await settle();
      await settle();
      const ran = count(await page.evaluate(() => ran));
      for (const name of ["script in the page", "async script in the page", "module in the page", "inline script in the page"]) assert.equal(ran[name], 1, `${name} ran ${ran[name]} times`);
    }));

  it("what is permitted or nobody's is left as it is", () =>
    on({ gate: "gate-auto", block: "known", page: (url, origin) => `<script src="${origin}/other"></script><script src="${origin}/known/pay"></script><iframe src="${origin}/known/pay"></iframe>` }, async (page, third) => {
      assert.deepEqual(third.asked.sort(), ["other", "pay", "pay"]);
    }));

  it("mode strict holds what nobody declares", () =>
    on({ gate: "gate-auto", block: "strict", page: (url, origin) => `<script>load("${origin}/stranger"); load("${origin}/known/pay")</script>` }, async (page, third) => {
      assert.deepEqual(third.asked, ["pay"]);
    }));
});
