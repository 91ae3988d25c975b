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
  "/dnt": { body: head.replace("<script src", "<script>Object.defineProperty(Navigator.prototype, 'doNotTrack', { get: () => '1' })</script><script src") + tags, headers: csp },
  "/unmarked": { body: head + plain, headers: csp },
  "/amzn-consent.js": amazon,
};

const file = (name) => new URL(`golden/${name}.txt`, import.meta.url);
const heading = (title) => `# ${title}\n`;

/** The section of a golden file, as far as there is one. */
const expected = (name, title) => existsSync(file(name)) && readFileSync(file(name), "utf8").split(/^(?=# )/m).find((text) => text.startsWith(heading(title)))?.trimEnd();

/** Compares with a golden file, or writes it. */
function golden(name, text) {
  if (process.env.UPDATE) writeFileSync(file(name), text);
  assert.ok(existsSync(file(name)), `${file(name).pathname} is missing; write it with UPDATE=1`);
  assert.equal(text, readFileSync(file(name), "utf8"));
}

const settle = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

for (const { name, more, paths } of [
  { name: "signals", more: "", paths: ["/"] },
  { name: "signals-regions", more: "consent_mode: {wait: 900, redact: false, regions: [{regions: [US-NV, CA], granted: [analytics_storage]}]}", paths: ["/", "/gpc", "/dnt"] },
]) {
  describe(`what vendors are told: ${name}`, () => {
    const use = {};
    before(async () => { use.site = await startOwnSite({ site: site(more), page: (path) => pages[path] }); });
    after(() => use.site?.stop());
    inEveryEngine((newPage) => {
      it("in the documented order, for default, grant, deny and withdraw", async () => {
        let text = "";
        for (const path of paths) {
          const titled = (title) => (path === "/" ? title : `${path}: ${title}`);
          /** Waits until all is told that should be, then a while for what should not, and returns a section. */
          const told = async (title, read) => {
            const section = async () => heading(titled(title)) + write((await read()) ?? "{}");
            const wanted = expected(name, titled(title));
            if (process.env.UPDATE || !wanted) await settle(3000);
            else await waitFor(async () => (await section()) === wanted, title).catch(() => {}); // the difference says more
            await settle(400);
            return `${await section()}\n\n`;
          };
          const add = async (title, read) => { text += await told(title, read); };
          const page = await newPage({});
          const queues = () => page.evaluate(readQueues);
          try {
            await page.open(use.site.origin + path);
            await waitFor(() => page.exists(button("accept-all")), "the banner");
            await add("before a choice", queues);
            await page.click(button("accept-all"));
            await add("a grant", queues);
            await page.reload();
            await add("the next page, granted", queues);
            await page.evaluate(() => { consentry.withdraw(); });
            await waitFor(() => page.evaluate(() => sessionStorage.getItem("left")?.includes("update")), "the reload");
            await add("a withdrawal, until the page reloads", () => page.evaluate(() => sessionStorage.getItem("left")));
            await add("after the reload", queues);
          } finally {
            await page.close();
          }
          const other = await newPage({});
          try {
            await other.open(use.site.origin + path);
            await waitFor(() => other.exists(button("reject-all")), "the banner");
            await told("before a choice", () => other.evaluate(readQueues));
            await other.click(button("reject-all"));
            await add("a refusal", () => other.evaluate(readQueues));
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
          const granted = ({ _paq, ttq, fbq }) => [_paq, ttq, fbq].map((queue) => queue.flat().filter((name) => /Given|grant/.test(name)));
          const queues = async () => JSON.parse(await page.evaluate(readQueues));
          const all = [["setConsentGiven"], ["grantConsent"], ["grant"]];
          const told = () => waitFor(async () => granted(await queues()).flat().length >= all.length, "the vendors to be told").catch(() => {}); // the difference says more
          await page.click(button("accept-all"));
          await told();
          for (let again = 0; again < 3; again++) {
            await page.reload();
            await told();
            await settle(400);
            const { _paq, ttq, fbq } = await queues();
            const order = (queue, first, then) => queue.findIndex(([name]) => name === first) < queue.findIndex(([name]) => name === then);
            assert.ok(order(_paq, "requireConsent", "trackPageView"), JSON.stringify(_paq));
            assert.ok(order(ttq, "holdConsent", "page"), JSON.stringify(ttq));
            assert.deepEqual(granted({ _paq, ttq, fbq }), all);
          }
        } finally {
          await page.close();
        }
      });
    });
  });
}

const failing = () => { dataLayer.push = () => { throw new Error("the page's own push"); }; };
const tagged = (script) => ({
  body: `<!doctype html><html lang="en"><head><title>Page</title><script>ran = []; ${script}</script><script src="/privacy/gate.js"></script></head><body>
<a id="settings" href="#consentry-settings">Settings</a><script type="text/plain" data-consent="analytics">ran.push("tag")</script></body></html>`,
});

describe("a page whose own dataLayer fails", () => {
  const use = {};
  const pages = {
    "/": tagged(""),
    "/failing": tagged(`dataLayer = []; (${failing})()`),
    "/object": tagged("dataLayer = {}"),
    "/short": tagged('dataLayer = [["consent"], null]'),
  };
  before(async () => { use.site = await startOwnSite({ site: site(""), page: (path) => pages[path] }); });
  after(() => use.site?.stop());
  inEveryEngine((newPage) => {
    const ran = (page) => page.evaluate(() => self.ran?.join());
    const decisions = () => use.site.posts.filter(({ path }) => path.endsWith("/decisions")).map(({ body }) => JSON.parse(body).control);

    it("is asked, opened and held again as any other", async () => {
      for (const path of Object.keys(pages)) {
        const page = await newPage({});
        try {
          await page.open(use.site.origin + path);
          await waitFor(() => page.exists(button("accept-all")), `the banner of ${path}`);
          assert.equal(await ran(page), "");
          if (path === "/") await page.evaluate(failing);
          if (path === "/short") assert.equal(await page.evaluate(() => dataLayer.filter((command) => command?.[1] === "default").length), 1);
          await page.click(button("accept-all"));
          await waitFor(async () => (await ran(page)) === "tag", `the tag of ${path}`);
          if (path !== "/") continue;
          await page.click("#settings");
          await waitFor(() => page.exists(button("withdraw")), "the preferences");
          use.site.posts.length = 0;
          await page.click(button("withdraw"));
          await waitFor(async () => (await ran(page)) === "", `${path} to start anew`);
          await waitFor(() => decisions().includes("withdraw"), "the record");
        } finally {
          await page.close();
        }
      }
    });
  });
});
