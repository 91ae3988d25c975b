// A marked script runs as its author wrote it: the element itself, every attribute,
// listeners, order, and the conditions it waits for.
import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { describe, it } from "node:test";
import { inEveryEngine } from "./engines.mjs";
import { waitFor } from "./page.mjs";
import { answer, startSite } from "./ways/site.mjs";
import { onPage, settle } from "./ways/stages.mjs";

const code = 'ran.push("whole " + document.currentScript.nonce)';
const digest = `sha384-${createHash("sha384").update(code).digest("base64")}`;
const js = (text) => () => ["text/javascript", text];

const attributes = `async defer integrity="${digest}" crossorigin="anonymous" referrerpolicy="no-referrer" nonce="abc" fetchpriority="low" charset="utf-8" class="a b" data-site-id="7" data-whatever="x" onload="ran.push('attribute')"`;
const late = '<script type="text/plain" data-consent="analytics"';

inEveryEngine((newPage) => {
  describe("a marked script", () => {
    const on = (options, act) => onPage(newPage, { gate: "gate", ...options }, act);
    const ran = (page) => page.evaluate(() => self.ran ?? []);
    const runs = async (page, n) => {
      await waitFor(async () => (await ran(page)).length >= n, `${n} runs`).catch(() => {});
      await settle(200);
      return ran(page);
    };

    it("keeps every attribute and listener, and is the same element", () => {
      const seen = [];
      const page = () => `${late} id="whole" data-src="/whole.js" ${attributes}></script>
        <script>whole = document.getElementById("whole"); whole.addEventListener("load", () => ran.push("listener")); before = whole.getAttributeNames()</script>`;
      return on({ page, more: { "/whole.js": (request) => (seen.push(request.headers), ["text/javascript", code]) } }, async (page) => {
        await page.evaluate(answer, "g");
        assert.deepEqual((await runs(page, 3)).sort(), ["attribute", "listener", "whole abc"]);
        const { same, lost, src, type, flags } = await page.evaluate(() => {
          const el = document.getElementById("whole");
          const { async, defer, crossOrigin, referrerPolicy, integrity, className } = el;
          return { same: el === whole, lost: before.filter((name) => !el.hasAttribute(name)), src: el.getAttribute("src"), type: el.type, flags: [async, defer, crossOrigin, referrerPolicy, integrity.slice(0, 7), className, el.dataset.siteId] };
        });
        assert.deepEqual({ same, src, type }, { same: true, src: "/whole.js", type: "" });
        assert.deepEqual(lost.filter((name) => name !== "type"), []);
        assert.deepEqual(flags, [true, true, "anonymous", "no-referrer", "sha384-", "a b", "7"]);
        assert.equal(seen.length, 1);
        assert.equal(seen[0].referer, undefined, "its referrer policy holds");
      });
    });

    it("waits for its own service too, where that is denied though its category is permitted", () => {
      const tags = (url) => ["analytics", "share | analytics"].map((condition, i) => `<script type="text/plain" data-consent="${condition}" data-src="${url("way" + i)}"></script>`).join("");
      const decide = (mark) => {
        document.cookie = `hint=1.${Math.floor(Date.now() / 1000) + 1000}.analytics~g~AAAA.share~d~SSSS${mark}; path=/`;
        dispatchEvent(new Event("storage"));
      };
      return on({ page: (url) => `${tags(url)}${late}>ran.push("of nobody's")</script>` }, async (page, { third }) => {
        await page.evaluate(decide, ".evil~d");
        assert.deepEqual(await runs(page, 1), ["of nobody's"]);
        assert.deepEqual(third.asked, []);
        await page.evaluate(decide, "");
        await waitFor(() => third.asked.length >= 2, "both");
        assert.deepEqual(third.asked, ["way0", "way1"]);
      });
    });

    it("does not run when its integrity does not fit, and says so to its listeners", () =>
      on({ page: () => `${late} data-src="/whole.js" integrity="${digest.replace(/.$/, "x")}" onerror="ran.push('refused')"></script>${late}>ran.push("next")</script>`, more: { "/whole.js": js("ran.push('never')") } }, async (page) => {
        await page.evaluate(answer, "g");
        assert.deepEqual(await runs(page, 2), ["refused", "next"]);
      }));

    it("waits for the one before it as it would have in the page; async ones and modules do not", () => {
      const slow = () => ["text/javascript", "for (const end = Date.now() + 30; Date.now() < end; );ran.push('slow')"];
      const page = () => `${late} data-src="/slow.js"></script>${late}>ran.push("inline " + ran.includes("slow")); setTimeout(() => ran.push("task between"))</script>${late}>ran.push("next " + ran.includes("task between"))</script>
        ${late} data-src="/never.js" async></script>${late}>ran.push("does not wait")</script>`;
      return on({ page, more: { "/slow.js": slow } }, async (page) => {
        await page.evaluate(answer, "g");
        assert.deepEqual(await runs(page, 5), ["slow", "inline true", "task between", "next true", "does not wait"]);
      });
    });

    it("holds nobody up that never says it has ended: with nomodule, or thrown out right before its turn", () => {
      const asked = [];
      const more = Object.fromEntries(["/old.js", "/inside.js", "/alone.js"].map((path) => [path, () => (asked.push(path), ["text/javascript", ""])]));
      const page = () => `${late} data-src="/old.js" nomodule></script>${late}>ran.push("after nomodule")</script>
        ${late}>setTimeout(() => view.remove())</script><div id="view">${late} data-src="/inside.js"></script></div>${late}>ran.push("after the view")</script>
        ${late}>setTimeout(() => alone.remove())</script>${late} data-src="/alone.js" id="alone"></script>${late}>ran.push("last")</script>`;
      return on({ page, more }, async (page) => {
        await page.evaluate(answer, "g");
        assert.deepEqual(await runs(page, 3), ["after nomodule", "after the view", "last"]);
        assert.deepEqual(asked, []);
        const natural = await page.evaluate(() => [document, self].map((target) => Object.hasOwn(target, "addEventListener")));
        assert.deepEqual(natural, [false, false], "the page's own listeners are as they were");
      });
    });

    it("runs although what opens it could not be fetched at first", async () => {
      const path = "/p/opener/r/en.js";
      const other = await startSite({ gate: "gate", page: () => "" });
      const opener = await (await fetch(new URL(path, other.address))).text();
      await other.stop();
      const tries = [];
      const more = { [path]: () => (tries.push(path), tries.length > 1 ? ["text/javascript", opener] : ["image/gif", ""]) };
      return on({ page: () => `${late}>ran.push("first")</script>`, more }, async (page) => {
        await page.evaluate(answer, "g");
        await waitFor(() => tries.length, "the first try");
        await waitFor(async () => {
          await page.evaluate(() => {
            const s = document.createElement("script");
            s.type = "text/plain";
            s.dataset.consent = "analytics";
            document.body.append(s);
          });
          return (await ran(page)).length;
        }, "the tag");
        assert.deepEqual(await runs(page, 1), ["first"]);
        assert.equal(tries.length, 2);
      });
    });

    it("runs once, whatever is scanned or moved", () =>
      on({ page: () => `${late} id="once">ran.push("once")</script><div id="there"></div>` }, async (page) => {
        await page.evaluate(answer, "g");
        await runs(page, 1);
        await page.evaluate(() => {
          const el = document.getElementById("once");
          consentry.scan(document);
          document.getElementById("there").append(el);
          consentry.scan(document.getElementById("there"));
          document.body.append(el);
        });
        await page.evaluate(answer, "g");
        await settle(300);
        assert.deepEqual(await runs(page, 1), ["once"]);
      }));

    it("runs where it is added later, in whatever root", () =>
      on({ page: () => '<div id="host"></div>' }, async (page) => {
        await page.evaluate(answer, "g");
        await page.evaluate(() => {
          const add = (root, name) => {
            const s = document.createElement("script");
            Object.assign(s, { type: "text/plain", text: `ran.push("${name}")` });
            s.dataset.consent = "analytics";
            root.append(s);
          };
          add(document.body, "late");
          const root = document.getElementById("host").attachShadow({ mode: "closed" });
          add(root, "shadow");
          consentry.scan(root);
          add(root, "shadow, later");
        });
        assert.deepEqual((await runs(page, 3)).sort(), ["late", "shadow", "shadow, later"]);
      }));

    it("runs on a refusal or a withdrawal where its condition says so, and not while nobody has answered", () =>
      on({ page: () => `<script type="text/plain" data-consent="!analytics">ran.push("refused")</script>${late}>ran.push("granted")</script><script type="text/plain" data-consent="analytics &amp; !share">ran.push("both")</script>` }, async (page) => {
        assert.deepEqual(await runs(page, 0), []);
        await page.evaluate(answer, "d");
        assert.deepEqual(await runs(page, 1), ["refused"]);
        await page.evaluate(answer, "g");
        assert.deepEqual(await runs(page, 3), ["refused", "granted", "both"]);
        await page.evaluate(answer, "d");
        await waitFor(async () => (await ran(page)).length === 1, "the page to start anew");
        assert.deepEqual(await runs(page, 1), ["refused"]);
      }));

    it("has its own words in data-type, however it came", () => {
      const say = 'ran.push("NAME " + document.currentScript.dataset.type)';
      const script = (name, type) => `<script${type} data-type="popup">${say.replace("NAME", name)}; if (!self) evilBootstrap("")</script>`;
      const page = () => `${script("marked", ' type="text/plain" data-consent="analytics"')}${script("held", "")}<script>document.write(${JSON.stringify(script("written", "")).replaceAll("</", "<\\/")})</script><template data-consent="analytics">${script("inside", "")}</template>`;
      return on({ gate: "gate-auto", block: "known", page }, async (page) => {
        assert.deepEqual(await runs(page, 0), []);
        await page.evaluate(answer, "g");
        assert.deepEqual(await runs(page, 4), ["marked popup", "held popup", "written popup", "inside popup"]);
      });
    });
  });

  describe("a category's digest", () => {
    it("is no status, whatever it begins with, under a signal too", () => {
      const decide = (status) => {
        document.cookie = `hint=1.${Math.floor(Date.now() / 1000) + 1000}.analytics~${status}~gAAA.share~d~SSSS; path=/`;
        dispatchEvent(new Event("storage"));
        return JSON.stringify(consentry.decision());
      };
      const posts = [];
      const denied = { decided: true, categories: { analytics: "denied", share: "denied" }, services: { evil: "denied" } };
      const page = () => "<script>Object.defineProperty(Navigator.prototype, 'globalPrivacyControl', { get: () => true })</script>";
      const more = { "/p/decisions": (request) => (posts.push(request.method), ["application/json", "{}"]) };
      return onPage(newPage, { gate: "gate", digest: "gAAA", page, more }, async (page) => {
        assert.deepEqual(JSON.parse(await page.evaluate(decide, "d")), denied);
        await settle();
        assert.deepEqual(posts, [], "nothing was granted that would have to be taken back");
        assert.deepEqual(JSON.parse(await page.evaluate(decide, "g")), denied);
      });
    });
  });

  describe("an inline script", () => {
    const old = ["1.0", "1.1", "1.2", "1.3", "1.4", "1.5"].map((version) => `text/javascript${version}`);
    const mime = ["application/ecmascript", "application/javascript", "application/x-ecmascript", "application/x-javascript", "text/ecmascript", "text/javascript", "text/jscript", "text/livescript", "text/x-ecmascript", "text/x-javascript"];
    const types = ["", "module", ...mime, ...old, " text/javascript\n", "TEXT/JavaScript", "Module"];
    const inert = ["text/plain", "application/json", "application/ld+json", "text/template", "importmap", "speculationrules", "text/javascript; charset=utf-8", "text/x-template", "text/typescript", "javascript"];
    const page = () => [...types, ...inert].map((type) => `<script type="${type}">self.ran && evilBootstrap("/t/" + ${JSON.stringify(encodeURIComponent(type))})</script>`).join("");
    const sorted = (list) => [...list].map((type) => JSON.stringify(type)).sort();

    it("is held under every type that the browser runs, and under no other", async () => {
      let natural;
      await onPage(newPage, { gate: null, page }, async (page) => { natural = sorted(await page.evaluate(() => ran)); });
      assert.deepEqual(natural, sorted(types), "the standard's");
      await onPage(newPage, { gate: "gate-auto", block: "known", page }, async (page) => {
        const marked = () => page.evaluate(() => [...document.body.querySelectorAll("script:not([data-consent])")].map((el) => el.getAttribute("type")));
        assert.deepEqual(await page.evaluate(() => ran), []);
        assert.deepEqual(sorted(await marked()), sorted(inert));
        await page.evaluate(answer, "g");
        await waitFor(async () => (await page.evaluate(() => ran.length)) >= types.length, "the scripts").catch(() => {}); // the difference says more
        assert.deepEqual(sorted(await page.evaluate(() => ran)), natural);
      });
    });
  });
});
