// After navigation: pages that rebuild themselves, that come back from the browser's
// memory, and that include the gate twice.
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { inEveryEngine } from "./engines.mjs";
import { waitFor } from "./page.mjs";
import { answer } from "./ways/site.mjs";
import { onPage, quiet, settle } from "./ways/stages.mjs";

const known = { gate: "gate-auto", block: "known" };

/** A small router, as frameworks do it: every view replaces the one before. */
const router = (url) => `<main></main><script>
  const views = {
    "/": '<h1>Home</h1><iframe src="${url("home")}"></iframe>',
    "/film": '<h1>Film</h1><iframe src="${url("film")}"></iframe><p></p>',
  };
  function show(path) {
    history.pushState({}, "", path);
    const main = document.createElement("main");
    main.innerHTML = views[path];
    document.querySelector("main").replaceWith(main);
    const s = document.createElement("script");
    s.src = "${url("script")}" + encodeURIComponent(" of " + path);
    main.append(s);
  }
  addEventListener("popstate", () => ran.push("popstate"));
  show("/");
</script>`;

inEveryEngine((newPage, engine) => {
  describe("after navigation", () => {
    const on = (options, act) => onPage(newPage, { ...known, ...options }, act);
    /** What was asked for since the last time, once as much as that has come and all is quiet. */
    const asked = async (third, wanted = 0) => {
      await waitFor(() => third.asked.length >= wanted, `${wanted} requests`).catch(() => {}); // the difference says more
      await quiet(third, 400);
      return third.asked.splice(0).sort();
    };

    it("a page that replaces its own nodes asks for nothing before a grant, and for each view's tags after it", () =>
      on({ page: router }, async (page, { third }) => {
        assert.deepEqual(await asked(third), []);
        await page.evaluate(() => show("/film"));
        await page.evaluate(() => show("/"));
        assert.deepEqual(await asked(third), []);
        await page.evaluate(() => show("/film"));
        await page.evaluate(answer, "g");
        assert.deepEqual(await asked(third, 2), ["film", "script of /film"], "of the view that is shown");
        await page.evaluate(() => show("/"));
        assert.deepEqual(await asked(third, 2), ["home", "script of /"]);
        await waitFor(() => page.evaluate(() => ran.length >= 2), "both scripts");
        assert.deepEqual(await page.evaluate(() => ran), ["script of /film", "script of /"]);
      }));

    it("what is injected late is held as well", () =>
      on({ page: (url) => `<script>setTimeout(() => load("${url("late")}"), 600); addEventListener("load", () => setTimeout(() => document.body.insertAdjacentHTML("beforeend", '<iframe src="${url("late frame")}"></iframe>'), 300))</script>` }, async (page, { third }) => {
        await settle(900);
        assert.deepEqual(await asked(third), []);
        await page.evaluate(answer, "g");
        assert.deepEqual(await asked(third, 2), ["late", "late frame"]);
      }));

    it("the gate included twice, in whatever mode, opens each tag once", () =>
      on({ page: (url) => `<script src="/p/gate.js"></script><script type="text/plain" data-consent="analytics">ran.push("marked")</script><script>load("${url("made")}")</script><script src="/p/gate.js" async></script>` }, async (page, { third }) => {
        assert.deepEqual(await asked(third), []);
        await page.evaluate(answer, "g");
        assert.deepEqual(await asked(third, 1), ["made"]);
        await waitFor(() => page.evaluate(() => ran.length >= 2), "both to run").catch(() => {}); // the difference says more
        await settle(300);
        assert.deepEqual(await page.evaluate(() => ran), ["made", "marked"], "in the order of the document, whose head has the one that was made");
      }));

    it("an old gate denies what was answered under a newer question", () =>
      on({ page: () => '<script type="text/plain" data-consent="analytics">ran.push("marked")</script>' }, async (page) => {
        await page.evaluate(() => {
          document.cookie = `hint=1.${Math.floor(Date.now() / 1000) + 1000}.analytics~g~NEWR.share~g~SSSS; path=/`;
          dispatchEvent(new Event("storage"));
        });
        await settle(400);
        assert.deepEqual(await page.evaluate(() => [ran, consentry.permits("analytics"), consentry.permits("share"), consentry.decision().decided]), [[], false, true, false]);
      }));

    const slow = { "/slow.gif": () => ["image/gif", "CUT".repeat(8)] };
    const early = `<script>if (document.cookie.includes("~g~AAAA")) addEventListener("DOMContentLoaded", () => (${answer})("d"))</script>`;

    it("what was taken back while the page was still loading is stopped once it is there", () =>
      on({ page: (url) => `<script src="${url("tag")}"></script><img src="/slow.gif" alt="">${early}`, more: slow }, async (page) => {
        await page.evaluate(answer, "g");
        await waitFor(() => page.evaluate(() => self.ran?.length === 1), "the tag");
        await page.reload();
        await waitFor(() => page.evaluate(() => self.ran?.length === 0), "the page to start anew");
      }));

    it("the answer to a form starts anew without the form's being sent again", () => {
      const methods = [];
      const thanks = `<!doctype html><html lang="en"><head><script src="/p/gate.js"></script><script>ran = []</script></head><body><p>Thanks</p><script type="text/plain" data-consent="analytics">ran.push("tag")</script></body></html>`;
      const more = { "/order": ({ method }) => (methods.push(method), ["text/html", thanks]) };
      return on({ page: () => '<form method="post" action="/order"><button id="send">Order</button></form>', more }, async (page) => {
        await page.evaluate(answer, "g");
        await page.click("#send");
        await waitFor(async () => (await page.url()).endsWith("/order") && page.evaluate(() => self.ran?.length === 1), "the tag");
        await page.evaluate(answer, "d");
        await waitFor(() => page.evaluate(() => self.ran?.length === 0), "the page to start anew");
        assert.deepEqual(methods, ["POST", "GET"]);
      });
    });

    const elsewhere = { cache: "no-cache", more: { "/elsewhere": () => ["text/html", "<!doctype html><title>Elsewhere</title><p>elsewhere</p>"] } };
    const tag = '<script type="text/plain" data-consent="analytics">ran.push("marked")</script><script>addEventListener("pageshow", ({ persisted }) => { if (persisted) sessionStorage.setItem("memory", "yes") })</script>';

    /** The others may have loaded it anew: what they should show is the same. */
    const wasInMemory = async (page) => engine !== "chromium" || (await page.evaluate(() => sessionStorage.getItem("memory"))) === "yes";

    it("a page that the browser brings back from memory after a withdrawal is closed", () =>
      on({ page: () => tag, ...elsewhere }, async (page, { address }) => {
        await page.evaluate(answer, "g");
        await waitFor(() => page.evaluate(() => self.ran?.length === 1), "the tag");
        await page.open(`${address}elsewhere`);
        await page.evaluate(() => { document.cookie = `hint=1.${Math.floor(Date.now() / 1000) + 1000}.analytics~d~AAAA.share~d~SSSS; path=/`; });
        await page.back();
        await waitFor(() => page.evaluate(() => self.ran?.length === 0), "the page to start anew");
        await settle(300);
        assert.deepEqual(await page.evaluate(() => ran), []);
        assert.ok(await wasInMemory(page));
      }));

    it("a page that the browser brings back from memory after a grant is open", () =>
      on({ page: () => tag, ...elsewhere }, async (page, { address }) => {
        await page.open(`${address}elsewhere`);
        await page.evaluate(() => { document.cookie = `hint=1.${Math.floor(Date.now() / 1000) + 1000}.analytics~g~AAAA.share~d~SSSS; path=/`; });
        await page.back();
        await waitFor(() => page.evaluate(() => self.ran?.length === 1), "the tag");
        assert.ok(await wasInMemory(page));
      }));

    it("a page that was only hidden follows what was chosen meanwhile", () =>
      on({ page: () => tag }, async (page) => {
        const chosen = (status) => { document.cookie = `hint=1.${Math.floor(Date.now() / 1000) + 1000}.analytics~${status}~AAAA.share~d~SSSS; path=/`; dispatchEvent(new PageTransitionEvent("pageshow", { persisted: true })); };
        await page.evaluate(chosen, "g");
        await waitFor(() => page.evaluate(() => self.ran?.length === 1), "the tag");
        await page.evaluate(chosen, "d");
        await waitFor(() => page.evaluate(() => self.ran?.length === 0), "the page to start anew");
      }));
  });
});
