// What every vendor with a consent interface is told, call by call, for each
// answer: the real program, its own catalogue, the vendors' own snippets. UPDATE=1
// writes the golden files anew; all engines must agree on them.
import assert from "node:assert/strict";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { after, before, describe, it } from "node:test";
import { inEveryEngine } from "./engines.mjs";
import { waitFor } from "./page.mjs";
import { readQueues, write } from "./signals/queues.mjs";
import { startOwnSite } from "./site.mjs";
import { button } from "./visit.mjs";

const snippets = new URL("../../internal/siteconfig/testdata/snippets/", import.meta.url);
const snippet = (id) => readFileSync(new URL(`${id}.html`, snippets), "utf8");
const analytics = ["ga4", "clarity", "matomo"];
const marketing = ["meta-pixel", "tiktok-pixel", "pinterest-tag", "reddit-pixel", "snap-pixel", "microsoft-uet"];

const site = (more) => (origin) => `
id: shop
name: Signals
origins: ["${origin}"]
controller: {name: Shop Ltd, address: "1 Road", contact: a@shop.example}
${more}
categories:
  - {id: analytics, services: [${analytics}]}
  - id: marketing
    services:
${marketing.map((id) => `      - ${id}`).join("\n")}
      - id: amazon-ads # as its entry of the catalogue proposes
        calls:
          global: amznConsent
          form: call
          granted: [[{countryCode: DE, enableAdStorage: true, enableUserData: true}]]
          denied: [[{countryCode: DE, enableAdStorage: false, enableUserData: false}]]
`;

// No vendor is contacted: their code would empty the queues.
const csp = { "content-security-policy": "default-src 'self' 'unsafe-inline'" };
const keep = `<script>addEventListener("pagehide", () => sessionStorage.setItem("left", (${readQueues})()))</script>`;
// The opener comes with the first tag that may run, which a necessary one does at once.
const head = `<!doctype html><html lang="en"><head><title>Signals</title>${keep}<script src="/privacy/gate.js"></script></head><body>
<script type="text/plain" data-consent="necessary">necessary = 1</script>`;
const amazon = { type: "text/javascript", body: "amznConsent = (...args) => amznConsent.calls.push(args); amznConsent.calls = []" };
const mark = (id) => snippet(id).replace(/<script(?: async src="([^"]*)")?>/g, (_, src) => `<script type="text/plain" data-consent="${id}"${src ? ` async data-src="${src}"` : ""}>`);
const plain = [...analytics, ...marketing].map(snippet).join("\n");
const tags = [...analytics, ...marketing].map(mark).join("\n") + '<script type="text/plain" data-consent="amazon-ads" data-src="/amzn-consent.js"></script>';
const pages = {
  "/": { body: head + tags, headers: csp },
  "/gpc": { body: head.replace("<script src", "<script>Object.defineProperty(Navigator.prototype, 'globalPrivacyControl', { get: () => true })</script><script src") + tags, headers: csp },
  "/unmarked": { body: head + plain, headers: csp },
  "/amzn-consent.js": amazon,
};

/** Compares with a golden file, or writes it. */
function golden(name, text) {
  const file = new URL(`golden/${name}.txt`, import.meta.url);
  if (process.env.UPDATE) writeFileSync(file, text);
  assert.ok(existsSync(file), `${file.pathname} is missing; write it with UPDATE=1`);
  assert.equal(text, readFileSync(file, "utf8"));
}

const settle = () => new Promise((resolve) => setTimeout(resolve, 1500));
const section = (title, queues) => `# ${title}\n${write(queues)}\n\n`;

for (const { name, more, paths } of [
  { name: "signals", more: "", paths: ["/"] },
  { name: "signals-regions", more: "consent_mode: {wait: 900, redact: false, regions: [{regions: [US-NV, CA], granted: [analytics_storage]}]}", paths: ["/", "/gpc"] },
]) {
  describe(`what vendors are told: ${name}`, () => {
    const use = {};
    before(async () => { use.site = await startOwnSite({ site: site(more), page: (path) => pages[path] }); });
    after(() => use.site?.stop());
    inEveryEngine((newPage) => {
      it("in the documented order, for default, grant, deny and withdraw", async () => {
        let text = "";
        for (const path of paths) {
          const page = await newPage({});
          const told = async (title) => { await settle(); text += section(path === "/" ? title : `${path}: ${title}`, await page.evaluate(readQueues)); };
          const shown = () => waitFor(() => page.exists(button("accept-all")), "the banner");
          try {
            await page.open(use.site.origin + path);
            await shown();
            await told("before a choice");
            await page.click(button("accept-all"));
            await told("a grant");
            await page.reload();
            await told("the next page, granted");
            await page.evaluate(() => { consentry.withdraw(); });
            await waitFor(() => page.evaluate(() => sessionStorage.getItem("left")?.includes("update")), "the reload");
            await settle();
            text += section(`${path === "/" ? "" : path + ": "}a withdrawal, until the page reloads`, await page.evaluate(() => sessionStorage.getItem("left")));
            await told("after the reload");
          } finally {
            await page.close();
          }
          const other = await newPage({});
          try {
            await other.open(use.site.origin + path);
            await waitFor(() => other.exists(button("reject-all")), "the banner");
            await settle();
            await other.click(button("reject-all"));
            await settle();
            text += section(`${path === "/" ? "" : path + ": "}a refusal`, await other.evaluate(readQueues));
            assert.equal(await other.evaluate(() => typeof window.__tcfapi + typeof window.__gpp + document.querySelectorAll("[name^=__]").length), "undefinedundefined0", "no IAB interface");
          } finally {
            await other.close();
          }
        }
        golden(name, text.trimEnd() + "\n");
      });

      // Unmarked tags that are permitted run when the parser comes to them, before
      // anybody can be told anything.
      it("nothing is held back that has begun to run", async () => {
        const page = await newPage({});
        try {
          await page.open(use.site.origin + "/unmarked");
          await waitFor(() => page.exists(button("accept-all")), "the banner");
          await page.click(button("accept-all"));
          await settle();
          for (let again = 0; again < 3; again++) {
            await page.reload();
            await settle();
            const { _paq, ttq, fbq } = JSON.parse(await page.evaluate(readQueues));
            const order = (queue, first, then) => queue.findIndex(([name]) => name === first) < queue.findIndex(([name]) => name === then);
            assert.ok(order(_paq, "requireConsent", "trackPageView"), JSON.stringify(_paq));
            assert.ok(order(ttq, "holdConsent", "page"), JSON.stringify(ttq));
            assert.deepEqual([_paq, ttq, fbq].map((queue) => queue.flat().filter((name) => /Given|grant/.test(name))), [["setConsentGiven"], ["grantConsent"], ["grant"]]);
          }
        } finally {
          await page.close();
        }
      });
    });
  });
}
