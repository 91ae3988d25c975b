// Cookies and storage that services declare: refused and swept while they are
// denied where a page can reach them. A vendor's own domain is out of reach, and
// what a site keeps for itself under such a name is the site's.
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { topic } from "./browser.mjs";
import { inEveryEngine } from "./engines.mjs";
import { waitFor } from "./page.mjs";
import { article, bannerGone, button, checkRequests, tags, visit } from "./visit.mjs";
import { onPage, settle } from "./ways/stages.mjs";

/** Runs in the page: writes one value under names of the site's own, which YouTube uses on its domain, and of Google Analytics and Matomo. */
function write(value) {
  for (const name of ["PREF", "_ga", "_ga_X1", "_pk_id.1"]) document.cookie = `${name}=${value}; path=/`;
  localStorage.setItem("yt-remote-device-id", value);
  sessionStorage.setItem("yt-remote-session-app", value);
}

/** Runs in the page: what is there of it. */
function read() {
  const cookies = document.cookie.split("; ").filter((pair) => /^(PREF|_ga|_pk)/.test(pair));
  return [...cookies.sort(), localStorage.getItem("yt-remote-device-id"), sessionStorage.getItem("yt-remote-session-app")].join(" ");
}

topic("entries of denied services", {}, (use) => {
  it("are refused and swept, and a site's own of the same name is left alone", async () => {
    const { page, product } = use;
    await page.open(`${product.shop}/privacy/choices`); // has no gate
    await page.evaluate(write, "left");
    assert.equal(await page.evaluate(read), "PREF=left _ga=left _ga_X1=left _pk_id.1=left left left", "all can be written without a gate");

    await visit(page, product.shop + article);
    await waitFor(async () => !(await page.evaluate(read)).includes("_"), "the sweep");
    assert.equal(await page.evaluate(read), "PREF=left left left", "before a choice");
    await page.evaluate(write, "new");
    assert.equal(await page.evaluate(read), "PREF=new new new", "written before a choice");

    await page.click(button("reject-all"));
    await bannerGone(page);
    await page.reload();
    await settle();
    assert.equal(await page.evaluate(read), "PREF=new new new", "after a refusal");
    await page.evaluate(write, "last");
    assert.equal(await page.evaluate(read), "PREF=last last last", "written after a refusal");
  });

  it("are written once the services are permitted", async () => {
    const { page, product } = use;
    await visit(page, product.shop + article);
    await page.click(button("accept-all"));
    await checkRequests(product, Object.keys(tags)); // the grant has taken effect
    await page.evaluate(write, "granted");
    const there = await page.evaluate(read);
    for (const name of ["PREF=granted", "_ga=granted", "_pk_id.1=granted"]) assert.ok(there.split(" ").includes(name), `${name} in ${there}`);
  });
});

/** Runs in the page: what is there of a denied service's, and of something necessary whose names begin alike. */
function readStandIn() {
  return [document.cookie.split("; ").filter((pair) => pair.startsWith("_evil")).join(), ...["pay", "id"].map((name) => localStorage.getItem(`evil.${name}`))].join(" ");
}

function writeStandIn(value) {
  for (const name of ["pay", "id"]) {
    document.cookie = `_evil_${name}=${value}; path=/`;
    localStorage.setItem(`evil.${name}`, value);
  }
}

describe("entries of something necessary", () => {
  inEveryEngine((newPage) => {
    it("are left alone, whoever denied declares their names as well", () =>
      onPage(newPage, { gate: "gate-auto", block: "known", page: () => "", more: { "/plain": () => ["text/html", "<title>Without a gate</title>"] } }, async (page, { address }) => {
        await page.evaluate(writeStandIn, "new");
        assert.equal(await page.evaluate(readStandIn), "_evil_pay=new new ", "written");
        await page.open(`${address}plain`);
        await page.evaluate(writeStandIn, "left");
        assert.equal((await page.evaluate(readStandIn)).split("left").length, 5, "all can be written without a gate");
        await page.open(address);
        await waitFor(async () => !(await page.evaluate(readStandIn)).includes("_id"), "the sweep");
        assert.equal(await page.evaluate(readStandIn), "_evil_pay=left left ", "swept");
      }));
  });
});
