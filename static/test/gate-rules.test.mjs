// The rules that are pure: what a hint permits, how an answer narrows it, which
// language is read. No browser; the same code that is bundled.
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { after, before, describe, it } from "node:test";

const now = 1_000_000;
const policy = {
  memory: 100,
  categories: [
    { id: "analytics", digest: "AAAA", services: ["ga4", "matomo"] },
    { id: "share", digest: "SSSS", services: ["youtube"] },
    { id: "constructor", digest: "CCCC", services: [] },
  ],
};
const cookie = (value) => `other=1; hint=${value}; more=2`;

describe("the rules", () => {
  let rules;
  let dir;
  before(async () => {
    dir = mkdtempSync(join(tmpdir(), "consentry-rules-"));
    const root = fileURLToPath(new URL("..", import.meta.url));
    const entries = ["decision", "narrow", "locale", "match"].map((name) => `src/${name}.ts`);
    const { status, stderr } = spawnSync("go", ["tool", "esbuild", ...entries, "--format=esm", "--out-extension:.js=.mjs", `--outdir=${dir}`], { cwd: root, encoding: "utf8" });
    assert.equal(status, 0, stderr);
    const load = (name) => import(pathToFileURL(join(dir, `${name}.mjs`)));
    rules = { ...(await load("decision")), ...(await load("narrow")), ...(await load("locale")), ...(await load("match")) };
  });
  after(() => rmSync(dir, { recursive: true, force: true }));

  const holds = (value, condition) => rules.permits(policy, rules.findHint(cookie(value), "hint", now), condition);

  it("permit nothing optional without a readable hint that has not run out", () => {
    const good = "1.2000000.analytics~g~AAAA";
    assert.equal(holds(good, "analytics"), true);
    for (const bad of ["", "1.2000000", "2.2000000.analytics~g~AAAA", "1.999999.analytics~g~AAAA", "1.1000000.analytics~g~AAAA", "1.x.analytics~g~AAAA", "1.2000000.analytics~g", "1.2000000.analytics~x~AAAA", "1.2000000.analytics~g~AAAA~", "1.2000000.analytics~g~AAAA.%", "1.2000000.Analytics~g~AAAA", "1.-2000000.analytics~g~AAAA"])
      assert.equal(holds(bad, "analytics"), false, bad);
    assert.equal(rules.findHint("xhint=" + good, "hint", now), "", "another cookie's name that ends alike");
  });

  it("deny a category whose question has changed, and whatever is unknown", () => {
    const hint = "1.2000000.analytics~g~OLD1.share~g~SSSS.toString~g~AAAA";
    assert.equal(holds(hint, "analytics"), false);
    assert.equal(holds(hint, "analytics:ga4"), false);
    for (const unknown of ["toString", "toString:ga4", "share:ga4", "share:", "", ":", "youtube:ga4", "nobody"]) assert.equal(holds("1.2000000.share~g~SSSS", unknown), false, unknown);
    assert.equal(holds("1.2000000.constructor~g~CCCC", "constructor"), true);
    assert.equal(holds("1.2000000.share~g~SSSS", "constructor"), false);
    assert.equal(holds("", "necessary"), true);
  });

  it("let a service's status override its category's, both ways", () => {
    const but = "1.2000000.analytics~g~AAAA.ga4~d";
    assert.deepEqual(["analytics", "analytics:ga4", "ga4", "analytics:matomo"].map((c) => holds(but, c)), [true, false, false, true]);
    const only = "1.2000000.analytics~d~AAAA.ga4~g";
    assert.deepEqual(["analytics", "analytics:ga4", "ga4", "analytics:matomo"].map((c) => holds(only, c)), [false, true, true, false]);
    assert.equal(holds("1.2000000.analytics~d~OLD1.ga4~g", "ga4"), false, "a service stands under the question that was asked");
    assert.equal(holds("1.2000000.ga4~g", "ga4"), false);
  });

  it("ask until every category has an answer to today's question", () => {
    const asks = (value) => rules.asks(policy, rules.findHint(cookie(value), "hint", now));
    assert.equal(asks(""), true);
    assert.equal(asks("1.2000000.analytics~g~AAAA.share~d~SSSS"), true);
    assert.equal(asks("1.2000000.analytics~g~AAAA.share~d~SSSS.constructor~d~CCCC"), false);
    assert.equal(asks("1.2000000.analytics~g~AAAA.share~d~OLD1.constructor~d~CCCC"), true);
  });

  it("narrow a hint and never widen it, whatever is answered", () => {
    const ids = ["analytics", "share", "constructor"];
    const conditions = [...ids, "ga4", "matomo", "youtube"];
    const states = ["", "1.2000000.analytics~g~AAAA.share~g~SSSS.constructor~d~CCCC", "1.2000000.analytics~d~AAAA.ga4~g.share~g~SSSS.youtube~d", "1.2000000.analytics~g~OLD1.share~g~SSSS", "1.2000000.analytics~d~OLD1.ga4~g.share~g~SSSS.youtube~g"];
    for (const state of states) {
      for (let bits = 0; bits < 64; bits++) {
        const say = (i) => (bits & (1 << i) ? "granted" : "denied");
        const answer = { categories: Object.fromEntries(ids.map((id, i) => [id, say(i)])), services: { ga4: say(3), matomo: say(4), youtube: say(5) } };
        const before = rules.findHint(cookie(state), "hint", now);
        const value = rules.narrow(policy, before, answer, now);
        const later = value ? rules.findHint(cookie(value), "hint", now) : before;
        if (value) assert.notEqual(later, "", `readable: ${value}`);
        conditions.forEach((c) => assert.ok(!rules.permits(policy, later, c) || rules.permits(policy, before, c), `${state} + ${bits} widened ${c}: ${value}`));
        ids.forEach((id, i) => assert.ok(say(i) === "granted" || !rules.permits(policy, later, id), `${id} was denied`));
        ["ga4", "matomo", "youtube"].forEach((id, i) => assert.ok(say(i + 3) === "granted" || !rules.permits(policy, later, id), `${id} was denied`));
      }
    }
  });

  it("write a refusal where nothing was known, and nothing for a first mixed answer", () => {
    const all = (status) => Object.fromEntries(policy.categories.map(({ id }) => [id, status]));
    assert.equal(rules.narrow(policy, "", { categories: all("denied") }, now + 0.5), "1.1000100.analytics~d~AAAA.share~d~SSSS.constructor~d~CCCC");
    assert.equal(rules.narrow(policy, "", { categories: { ...all("denied"), share: "granted" } }, now), "");
    assert.equal(rules.narrow(policy, "1.2000000.ga4~g.analytics~g~gAAA.analytics~d~dAAA.", { categories: all("denied") }, now), "1.2000000.analytics~d~AAAA.share~d~SSSS.constructor~d~CCCC");
    const kept = "1.2000000.ga4~g.analytics~d~AAAA.share~d~SSSS.constructor~d~CCCC"; // what an embed was permitted, and is again
    assert.equal(rules.narrow(policy, "1.2000000.analytics~d~AAAA.ga4~g.", { categories: all("denied"), services: { ga4: "granted" } }, now), kept);
  });

  it("find whose an address is, however its host is written", () => {
    Object.assign(globalThis, { self: globalThis, location: new URL("https://shop.example/page") });
    const table = [["*.vendor.example", "vendor"], ["www.vendor.example/pay", "pay"], ["one.example", "one"]];
    const whose = (address) => rules.find(table, "-", address);
    for (const host of ["vendor.example", "a.vendor.example", "WWW.VENDOR.EXAMPLE", "www.vendor.example.", "vendor.example.:444", "www.%76endor.example"]) assert.equal(whose(`https://${host}/x`), "vendor", host);
    assert.deepEqual(["https://www.vendor.example./pay", "https://one.example.", "wss://one.example"].map(whose), ["pay", "one", "one"]);
    for (const other of ["https://notvendor.example", "https://one.example.net", "https://sub.one.example", "https://vendor.example.."]) assert.equal(whose(other), "-", other);
    for (const own of ["https://shop.example/x", "data:text/html,x", "blob:https://one.example/1", "mailto:a@one.example"]) assert.equal(whose(own), "", own);
  });

  it("find the language that fits best, as the server does", () => {
    const file = new URL("../../internal/lang/testdata/match.json", import.meta.url);
    for (const { table, cases } of JSON.parse(readFileSync(file, "utf8")))
      for (const { wanted, found } of cases) assert.equal(rules.pickLocale(table, wanted), found, `${wanted} in ${JSON.stringify(table)}`);
    assert.equal(rules.pickLocale({ "": "en", de: "de" }, ["constructor", "__proto__", "de"]), "de");
  });
});
