// A tag that is released late finds the world that it expects: it writes where it
// stands, what has passed still comes, and style sheets apply from then on.
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { inEveryEngine } from "./engines.mjs";
import { waitFor } from "./page.mjs";
import { answer } from "./ways/site.mjs";
import { onPage, settle } from "./ways/stages.mjs";

const marked = (code, id = "") => `<script type="text/plain" data-consent="analytics"${id && ` id="${id}"`}>${code}</script>`;
const file = (src, more = "") => `<script type="text/plain" data-consent="analytics" data-src="${src}" ${more}></script>`;
const js = (code) => () => ["text/javascript", code];

const writing = {
  body: `<p id="first">first</p>
    <div id="inline">${marked("document.write('<b>one</b>'); ran.push(document.querySelector('#inline b').textContent)")}<i>after</i></div>
    <div id="pieces">${marked("document.write('<b>'); document.write('two</b><u>'); document.writeln('three', '</u>')")}<i>after</i></div>
    <div id="open">${marked("document.write('<b>four')")}<i>after</i></div>
    <div id="file">${file("/write.js")}<i>after</i></div>
    <div id="nested">${marked("document.write('<script src=/nested.js></' + 'script><b>six</b>')")}<i>after</i></div>
    <div id="last">${marked("ran.push('last'); setTimeout(() => { document.write('<b>seven</b>'); document.close?.() })")}<i>after</i></div>
    <p id="final">final</p>`,
  more: { "/write.js": js("document.write('<b>five</b>')"), "/nested.js": js("ran.push('nested ' + (document.currentScript ? document.currentScript.parentNode.id : 'no script'))") },
};

const listening = `
  document.addEventListener("DOMContentLoaded", (e) => ran.push("NAME DOMContentLoaded " + (e.target === document)));
  document.addEventListener("readystatechange", () => ran.push("NAME readystatechange " + document.readyState));
  window.addEventListener("load", { handleEvent: (e) => ran.push("NAME load " + (e.currentTarget === window)) }, { once: true });
  window.addEventListener("DOMContentLoaded", () => ran.push("NAME DOMContentLoaded at window"));
  document.addEventListener("load", () => ran.push("NAME load of the document"));
  document.addEventListener("custom", () => ran.push("NAME custom"));
  window.onload = () => ran.push("NAME onload");
  document.onreadystatechange = () => ran.push("NAME onreadystatechange " + document.readyState);
  ran.push("NAME " + (document.currentScript && document.currentScript.id));`;

const heard = (name) => [
  `${name} ${name}`, `${name} DOMContentLoaded true`, `${name} readystatechange complete`, `${name} load true`, `${name} DOMContentLoaded at window`, `${name} onload`, `${name} onreadystatechange complete`,
].sort();

const styles = {
  head: '<style type="text/plain" data-consent="share">p { color: rgb(1, 2, 3) }</style><link rel="stylesheet" data-consent="share" data-href="/late.css" media="screen">',
  more: { "/late.css": () => ["text/css", "p { text-indent: 7px }"] },
};

inEveryEngine((newPage) => {
  describe("a tag that runs late", () => {
    const on = (options, act) => onPage(newPage, { gate: "gate", ...options }, act);

    it("writes where it stands, and never wipes the page", () =>
      on({ page: () => writing.body, more: writing.more }, async (page) => {
        await page.evaluate(answer, "g");
        await waitFor(() => page.evaluate(() => document.querySelector("#last b") !== null && ran.length > 2), "all that is written");
        const text = (id) => page.evaluate((id) => [...document.getElementById(id).querySelectorAll("b,u,i")].map((el) => `${el.localName} ${el.textContent.trim()}`).join(", "), id);
        assert.equal(await text("inline"), "b one, i after");
        assert.equal(await text("pieces"), "b two, u three, i after");
        assert.match(await text("open"), /^b four(, i after)?/);
        assert.equal(await text("file"), "b five, i after");
        assert.equal(await text("nested"), "b six, i after");
        assert.equal(await text("last"), "b seven, i after");
        assert.deepEqual(await page.evaluate(() => [document.getElementById("first")?.textContent, document.getElementById("final")?.textContent]), ["first", "final"]);
        assert.deepEqual((await page.evaluate(() => ran)).sort(), ["last", "nested nested", "one"]);
      }));

    it("hears what has passed, once, and is the current script", () =>
      on({
        page: () => marked(listening.replaceAll("NAME", "inline"), "inline") + file("/listen.js", 'id="file"') + '<p id="end"></p>',
        more: { "/listen.js": js(listening.replaceAll("NAME", "file")) },
      }, async (page) => {
        await settle(200);
        await page.evaluate(answer, "g");
        await waitFor(() => page.evaluate(() => ran.length >= 12), "the events").catch(() => {});
        await settle(300);
        await page.evaluate(() => document.dispatchEvent(new Event("custom")));
        const ran = await page.evaluate(() => self.ran);
        for (const name of ["inline", "file"]) {
          assert.deepEqual(ran.filter((line) => line.startsWith(`${name} `)).sort(), [...heard(name), `${name} custom`].sort());
          assert.equal(ran.indexOf(`${name} ${name}`), ran.findIndex((line) => line.startsWith(`${name} `)), "nothing comes before the script has ended");
        }
        const later = await page.evaluate(() => { let heard = 0; addEventListener("load", () => heard++); return new Promise((done) => setTimeout(() => done(heard), 100)); });
        assert.equal(later, 0, "the page's own listeners are as they were");
      }));

    it("leaves the page's own way of listening as it was, and a tag's own", () => {
      const wrap = (name) => `{ const before = self.addEventListener; self.addEventListener = (...args) => (ran.push("NAME " + args[0]), before.apply(self, args)) }`.replace("NAME", name);
      return on({ page: () => `<script>${wrap("page")}</script>${marked('ran.push("tag")')}${file("/wraps.js")}`, more: { "/wraps.js": js(wrap("late")) } }, async (page) => {
        await page.evaluate(answer, "g");
        await waitFor(() => page.evaluate(() => ran.includes("tag")), "the tag");
        await waitFor(() => page.evaluate(() => { addEventListener("custom", () => {}); return ran.includes("late custom") && ran.includes("page custom"); }), "both to hear");
      });
    });

    it("hears nothing twice when it runs before the page is done", () =>
      on({ page: () => marked(listening.replaceAll("NAME", "inline"), "inline") + '<script src="/slow.js"></script><p id="end"></p>', more: { "/slow.js": js("") } }, async (page) => {
        await page.evaluate(answer, "g");
        await settle(300);
        await page.reload();
        await waitFor(() => page.evaluate(() => ran.length >= 6), "the events").catch(() => {});
        await settle(300);
        const counts = (await page.evaluate(() => ran)).filter((line) => !/readystatechange/.test(line)).sort();
        assert.deepEqual(counts, heard("inline").filter((line) => !/readystatechange/.test(line)));
      }));

    it("is a style sheet that applies on the click and on later pages, and not before", () =>
      on({ page: () => `${styles.head}<p id="p">text</p>`, more: styles.more }, async (page) => {
        const look = () => page.evaluate(() => { const { color, textIndent } = getComputedStyle(document.getElementById("p")); return `${color} ${textIndent}`; });
        const share = (status) => { document.cookie = `hint=1.${Math.floor(Date.now() / 1000) + 1000}.analytics~d~AAAA.share~${status}~SSSS; path=/`; dispatchEvent(new Event("storage")); };
        const plain = "rgb(0, 0, 0) 0px";
        const styled = "rgb(1, 2, 3) 7px";
        assert.equal(await look(), plain);
        await page.evaluate(share, "g");
        await waitFor(async () => (await look()) === styled, "the style").catch(() => {});
        assert.equal(await look(), styled);
        await page.reload();
        await waitFor(async () => (await look()) === styled, "the style on the next page").catch(() => {});
        assert.equal(await look(), styled);
        await page.evaluate(share, "d");
        await waitFor(async () => (await look().catch(() => "none while it is being left")) === plain, "the page to start anew");
      }));
  });
});
