// What is held, and let go: every way of loading, in every engine.
import assert from "node:assert/strict";
import { it } from "node:test";
import { inEveryEngine } from "./engines.mjs";
import { waitFor } from "./page.mjs";
import { made } from "./ways/made.mjs";
import { closed, marked } from "./ways/marked.mjs";
import { open } from "./ways/open.mjs";
import { isWorse, outcomesOf, readTable } from "./ways/outcomes.mjs";
import { parsed } from "./ways/parsed.mjs";
import { answer } from "./ways/site.mjs";
import { closedLoads, onPage, settle, stages } from "./ways/stages.mjs";
import { body, inEngine, names } from "./ways/way.mjs";

const count = (list) => list.reduce((counts, name) => ({ ...counts, [name]: (counts[name] ?? 0) + 1 }), {});
const nothing = { asked: [], ran: [] };

/** Ways that came another number of times than they should. */
const wrong = (list, ways) => {
  const counts = count(list);
  const fine = ({ media, image, idle }, n) => (media || image ? n > 0 : n === 1 || (idle && n === 0));
  return ways.filter((way) => !fine(way, counts[way.name] ?? 0)).map(({ name }) => `${name}: ${counts[name] ?? 0}`);
};
const runnable = (ways) => ways.filter(({ script, frame }) => script || frame);
const certain = (ways) => ways.filter(({ idle }) => !idle);
const all = (ways) => ({ asked: names(certain(ways)), ran: names(runnable(certain(ways))) });

/** Names of the ways that wait for each other, as they should run. */
const ordered = (ways) => names(ways.filter(({ script }) => script > 0 && script !== true).sort((a, b) => a.script - b.script));
/** A page of mode strict: a stranger's script, frame, links and a worker's requests, a necessary one's, the site's own. */
const strict = (url, origin) => `<link rel="canonical" href="${origin}/page"><link rel="alternate" href="${origin}/feed"><link rel="stylesheet" data-late><script>load("${origin}/stranger"); load("${origin}/known/pay");
document.querySelector("[data-late]").href = "${origin}/style";
const tried = \`Promise.all([fetch("\${location.origin}/own").then((r) => r.text()), fetch("${origin}/stranger").catch(() => "barred")]).then((all) => postMessage(all.join(" ")))\`;
new Worker(URL.createObjectURL(new Blob([tried]))).onmessage = (e) => { heard = e.data }</script>`;

/** A page that sets addresses and removes them later, but for one. */
const takenBack = (url) => `<script>{ const made = (tag, src) => document.body.appendChild(Object.assign(document.createElement(tag), { src })), back = [made("iframe", "${url("frame")}"), made("img", "${url("image")}")];
made("iframe", "${url("kept")}"); setTimeout(() => back.forEach((el) => el.removeAttribute("src"))) }</script>`;

/** A page with Prototype 1.6's way to JSON and timers that pass nothing on. */
const changing = (url) => `<script>Array.prototype.toJSON = function () { return "[" + this.map((one) => JSON.stringify(one)) + "]" }; { const later = setTimeout; setTimeout = (f, ms) => later(f, ms) }
consentry.push((c) => { told = c.permits("analytics") === false }); new Worker(URL.createObjectURL(new Blob(["importScripts('${url("worker")}')"])))</script>`;

const inOrder = (ran, ways) => assert.deepEqual(ran.filter((name) => ordered(ways).includes(name)), ordered(ways));

/** Nothing does worse than the README says; how far a preload scanner gets differs from load to load. */
function keepsPromise(kind, ways, loads, engine) {
  const promised = readTable(kind, engine);
  const found = outcomesOf(ways, loads, engine);
  for (const { name, scanned, frame } of inEngine(ways, engine)) {
    const said = promised[name] ?? promised.all;
    assert.ok(said && !isWorse(found[name], scanned ? (frame ? "requested, may run" : "requested once, never run") : said), `${name}: ${found[name]}, and the README says: ${said}`);
  }
}

inEveryEngine((newPage, engine) => {
  const on = (options, act) => onPage(newPage, options, act);

  it("without a gate every way loads: the tests can fail", async () => {
    for (const list of [parsed, made, ...Object.values(open)])
      await on({ gate: null, ways: list, page: body(list) }, async (page, { third }) => {
        const wanted = certain(inEngine(list, engine));
        await waitFor(() => names(wanted).every((name) => third.asked.includes(name)), "all of them").catch(() => {}); // the difference says more
        assert.deepEqual(names(wanted.filter(({ name }) => !third.asked.includes(name))), [], "not requested");
        const ran = [...third.ran, ...(await page.evaluate(() => self.ran))];
        assert.deepEqual(names(runnable(wanted).filter(({ name }) => !ran.includes(name))), [], "not run");
      });
  });

  it("marked tags are never requested before a grant, and run once and in order after it", () =>
    on({ gate: "gate", ways: marked, page: body([...marked, ...closed]) }, async (page, site) => {
      const wanted = inEngine(marked, engine);
      const { accepted, ...shut } = await stages(page, site, { wanted: all(wanted) });
      for (const [name, stage] of Object.entries(shut)) assert.deepEqual(stage, nothing, name);
      assert.deepEqual(wrong(accepted.asked, wanted), [], "requests after the grant");
      assert.deepEqual(wrong(accepted.ran, runnable(wanted)), [], "runs after the grant");
      assert.deepEqual(names(closed.filter(({ name }) => accepted.asked.includes(name))), []);
      inOrder(accepted.ran, marked);
    }));

  it("what scripts make is not requested before a grant, and runs once after it", () =>
    on({ gate: "gate-auto", block: "known", ways: made, page: body(made) }, async (page, site) => {
      const rejected = async () => {
        const errors = await page.evaluate(() => self.rejected);
        for (const name of ["TypeError", "xhr", "es", "ws", "worker"]) assert.ok(errors.includes(name), `${name} in ${errors}`);
      };
      const wanted = inEngine(made, engine).filter(({ plain }) => !plain);
      const { accepted, ...shut } = await stages(page, site, { rejected, wanted: all(wanted) });
      for (const [name, stage] of Object.entries(shut)) assert.deepEqual(stage, nothing, name);
      assert.deepEqual(wrong(accepted.asked, wanted), [], "requests after the grant");
      assert.deepEqual(wrong(accepted.ran, runnable(wanted)), [], "runs after the grant");
    }));

  it("what the page itself holds does not run before a grant, and does so once and in order after it", () =>
    on({ gate: "gate-auto", block: "known", ways: parsed, page: body(parsed) }, async (page, site) => {
      const waiting = () => [...document.querySelectorAll("[data-consent]")].filter((el) => el.type?.startsWith("text/plain") || (el.dataset.src && !el.hasAttribute("src"))).map((el) => el.outerHTML);
      const wanted = inEngine(parsed, engine);
      const opened = async () => assert.deepEqual(await page.evaluate(waiting), []);
      const { accepted, ...shut } = await stages(page, site, { accepted: opened, wanted: { asked: names(wanted.filter(({ media }) => media)), ran: all(wanted).ran } });
      keepsPromise("In the page's HTML", parsed, Object.values(shut), engine);
      assert.deepEqual(wrong(accepted.ran, runnable(wanted)), [], "runs after the grant");
      inOrder(accepted.ran, parsed);
    }));

  it("what no script can stop does no worse than the README says", async () => {
    for (const [kind, ways] of Object.entries(open))
      await on({ gate: "gate-auto", block: "known", ways, page: body(ways) }, async (page, site) => keepsPromise(kind, ways, await closedLoads(page, site, 0), engine));
  });

  it("what the page has taken back does not load after a grant", () =>
    on({ gate: "gate-auto", block: "known", page: takenBack }, async (page, { third }) => {
      await page.evaluate(answer, "g");
      await waitFor(() => third.asked.includes("kept"), "what is still there");
      await settle();
      assert.deepEqual(third.asked, ["kept"]);
    }));

  it("a page that changes what the language and the browser have is guarded and called all the same", () =>
    on({ gate: "gate-auto", block: "known", page: changing }, async (page, { third }) => {
      await waitFor(() => page.evaluate(() => self.told), "the queued call");
      await settle();
      assert.deepEqual(third.asked, []);
    }));

  it("what is permitted or nobody's is left as it is", () =>
    on({ gate: "gate-auto", block: "known", page: (url, origin) => `<script src="${origin}/other"></script><script src="${origin}/known/pay"></script><iframe src="${origin}/known/pay"></iframe>` }, async (page, { third }) => {
      assert.deepEqual(third.asked.sort(), ["other", "pay", "pay"]);
    }));

  it("mode strict holds what nobody declares", () =>
    on({ gate: "gate-auto", block: "strict", page: strict, more: { "/own": () => ["text/plain", "own"] } }, async (page, { third }) => {
      await waitFor(() => page.evaluate(() => self.heard), "the worker's own request");
      assert.deepEqual(third.asked, ["pay"]);
      assert.deepEqual(await page.evaluate(() => [self.heard, ...[...document.querySelectorAll("link")].map((link) => link.rel + (link.getAttribute("href") ? " kept" : " held"))]), ["own barred", "canonical kept", "alternate kept", "stylesheet held"]);
    }));
});
