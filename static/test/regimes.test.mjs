// Visitors are treated by where they are and by what their browser signals: what
// runs unasked, what is shown, and what goes on record.
import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { isDeepStrictEqual } from "node:util";
import { inEveryEngine } from "./engines.mjs";
import { waitFor } from "./page.mjs";
import { startOwnSite } from "./site.mjs";
import { bannerGone, button } from "./visit.mjs";

const site = (more) => (origin) => `
id: shop
name: Shop
origins: ["${origin}"]
controller: {name: Shop Ltd, address: "1 Road", contact: a@shop.example}
counting: {sample: 0}
${more}
categories:
  - id: analytics
    services:
      - {id: stats, name: Stats, company: Stats Ltd, country: DE, policy_url: "https://stats.example", hosts: [stats.example], cookies: []}
  - {id: share, services: [youtube]}
`;

const body = (head) => `<!doctype html><html lang="en"><head><title>Shop</title>${head}<script>ran = []</script><script src="/privacy/gate.js"></script></head><body>
<p>Text</p><a id="settings" href="#consentry-settings">Settings</a>
<script type="text/plain" data-consent="analytics">ran.push("analytics")</script>
<script type="text/plain" data-consent="share">ran.push("share")</script>
<script type="text/plain" data-consent="!analytics">ran.push("refused")</script></body></html>`;

const pages = {
  "/": { body: body("") },
  // A browser that tells scripts alone.
  "/dnt": { body: body("<script>Object.defineProperty(Navigator.prototype, 'doNotTrack', { get: () => '1' })</script>") },
  "/signal": { body: body("<script>Object.defineProperty(Navigator.prototype, 'globalPrivacyControl', { get: () => true })</script>") },
};

const california = { "x-country": "US", "x-region": "CA" };
const signal = { "sec-gpc": "1" };

/** What has run, the text of the way back to the settings, and whether the banner is there. */
async function look(page) {
  const [ran, control] = await page.evaluate(() => [self.ran ?? [], [...document.querySelectorAll("*")].map((el) => el.shadowRoot?.querySelector("[data-consentry-settings]")?.textContent).find(Boolean) ?? ""]);
  return { ran: ran.toSorted(), control, banner: await page.exists(button("accept-all")) };
}

/** Runs in the page: what is said there of a signal, to whoever sees it. */
function said() {
  const lines = [...document.querySelectorAll("*")].map((el) => el.shadowRoot?.querySelector("[data-slot=gpc]"));
  return lines.find((line) => line?.getClientRects().length)?.textContent ?? "";
}

/** Runs in the page: each switch of the preferences that is there, whether it is on and can be moved, and what describes it last. */
function switches() {
  const root = [...document.querySelectorAll("*")].map((el) => el.shadowRoot).find((root) => root?.querySelector("dialog"));
  return [...root.querySelectorAll("input")].map((input) => {
    const why = root.getElementById(input.getAttribute("aria-describedby")?.split(" ").at(-1));
    return [input.dataset.category ?? input.dataset.service, input.checked, !input.disabled, why?.dataset.slot === "yields" && why.getClientRects().length ? why.textContent : ""];
  });
}

/** Waits until that is what a page shows, of as much as is named, and for a while that it stays so. */
async function shows(page, wanted) {
  const seen = async () => {
    const all = await look(page);
    return Object.fromEntries(Object.keys(wanted).map((name) => [name, all[name]]));
  };
  await waitFor(async () => isDeepStrictEqual(await seen(), wanted), "what the page shows").catch(() => {}); // the difference says more
  await new Promise((resolve) => setTimeout(resolve, 700));
  assert.deepEqual(await seen(), wanted);
}

const both = ["analytics", "share"];
const asked = { ran: [], control: "", banner: true };

describe("a site whose visitors are treated by where they are", () => {
  const use = {};
  before(async () => { use.site = await startOwnSite({ site: site("regime: local"), page: (path) => pages[path] }); });
  after(() => use.site?.stop());
  inEveryEngine((newPage) => {
    const visit = async (visitor, path, act) => {
      use.site.visitor = visitor;
      use.site.posts.length = 0;
      const page = await newPage({});
      try {
        await page.open(use.site.origin + path);
        await act(page);
      } finally {
        await page.close();
      }
    };
    // By id: a page that is left while a decision is on its way has the next one send it again.
    const decisions = () => [...new Map(use.site.posts.filter(({ path }) => path.endsWith("/decisions")).map(({ body }) => JSON.parse(body)).map(({ id, control }) => [id, control])).values()];

    it("asks first where the law wants it, and where nobody knows", async () => {
      await visit({ "x-country": "FR" }, "/", (page) => shows(page, asked));
      await visit({}, "/", (page) => shows(page, asked));
    });

    it("runs under opt-out until somebody objects, which is one click away and remembered", () =>
      visit(california, "/", async (page) => {
        await shows(page, { ran: both, control: "Your privacy choices", banner: false });
        await page.click("#settings");
        await waitFor(() => page.exists(button("withdraw")), "the preferences");
        await page.click(button("withdraw"));
        await shows(page, { ran: ["refused"] });
        await page.reload();
        await shows(page, { ran: ["refused"], control: "Your privacy choices", banner: false });
        assert.deepEqual(decisions(), ["withdraw"]);
      }));

    it("honours a signal from the first moment, without asking or recording, and says so", async () => {
      const honoured = { ran: ["refused"], control: "Your privacy choices · Global Privacy Control honoured", banner: false };
      await visit({ ...california, ...signal }, "/", (page) => shows(page, honoured));
      await visit(california, "/signal", (page) => shows(page, honoured));
      assert.deepEqual(decisions(), []);
    });

    it("speaks of Global Privacy Control only where that is what it follows", async () => {
      const words = async (page) => /^Global Privacy Control honoured\. ./.test(await page.evaluate(said));
      const opened = async (page) => {
        await page.click("#settings");
        await waitFor(() => page.exists(button("save")), "the preferences");
      };
      await visit({ ...california, dnt: "1" }, "/dnt", async (page) => {
        await shows(page, { ran: ["refused"], control: "Your privacy choices · Do Not Track honoured", banner: false });
        await opened(page);
        assert.equal(await page.evaluate(said), "Do Not Track honoured.");
      });
      await visit({ "x-country": "FR" }, "/signal", async (page) => {
        await waitFor(() => page.exists(button("accept-all")), "the banner");
        assert.equal(await words(page), true);
        await page.click(button("accept-all"));
        await bannerGone(page);
        await opened(page);
        assert.equal(await words(page), true, "what sells or shares is off all the same");
        const why = "Global Privacy Control honoured";
        assert.deepEqual(await page.evaluate(switches), [["analytics", true, true, ""], ["stats", true, true, ""], ["share", false, false, why], ["youtube", false, false, ""]]);
      });
    });

    it("takes a grant back under a signal that it was given without, once and on record; what is granted despite it holds, but for what sells or shares", () =>
      visit({ "x-country": "FR" }, "/", async (page) => {
        await page.click(button("accept-all"));
        await bannerGone(page);
        await shows(page, { ran: both });
        use.site.visitor = { "x-country": "FR", ...signal };
        await page.reload();
        await shows(page, { ran: ["refused"] });
        await page.reload();
        await shows(page, { ran: ["refused"] });
        assert.deepEqual(decisions(), ["accept-all", "signal"]);
        await page.click("#settings");
        await page.click(button("accept-all"));
        await shows(page, { ran: ["analytics", "refused"] }); // what was granted despite the signal
        await page.reload();
        await shows(page, { ran: ["analytics"] });
        assert.deepEqual(decisions(), ["accept-all", "signal", "accept-all"]);
      }));
  });
});

describe("a site that asks everybody", () => {
  const use = {};
  before(async () => { use.site = await startOwnSite({ site: site(""), page: (path) => pages[path] }); });
  after(() => use.site?.stop());
  inEveryEngine((newPage) => {
    it("holds what was granted back from the first moment of a page whose browser signals, and puts that on record", async () => {
      const page = await newPage({});
      try {
        await page.open(use.site.origin + "/");
        await page.click(button("accept-all"));
        await bannerGone(page);
        await shows(page, { ran: both });
        use.site.posts.length = 0;
        await page.open(use.site.origin + "/signal");
        await shows(page, { ran: ["refused"] });
        const decisions = () => use.site.posts.filter(({ path }) => path.endsWith("/decisions"));
        await waitFor(() => decisions()[0]?.status, "the record");
        assert.deepEqual(decisions().map(({ body, status }) => [JSON.parse(body).control, status]), [["signal", 201]]);
      } finally {
        await page.close();
      }
    });

    it("still asks what has changed since, under a signal that takes the rest back", async () => {
      const gate = async () => (await fetch(`${use.site.origin}/privacy/gate.js`)).text();
      const was = await gate();
      const page = await newPage({});
      try {
        await page.open(use.site.origin + "/");
        await page.click(button("accept-all"));
        await bannerGone(page);
        use.site.rewrite((text) => text.replace("[youtube]", "[youtube, vimeo]"));
        await waitFor(async () => (await gate()) !== was, "the new question", 30_000);
        use.site.posts.length = 0;
        await page.open(use.site.origin + "/signal");
        await shows(page, { ran: ["refused"], banner: true });
        const sent = new Map(use.site.posts.filter(({ path }) => path.endsWith("/decisions")).map(({ body, status }) => [JSON.parse(body).id, [JSON.parse(body).categories, status]]));
        assert.deepEqual([...sent.values()], [[{ analytics: "denied" }, 201]]);
        await page.reload();
        await shows(page, { ran: ["refused"], banner: true });

        // The preferences wait for what has changed; an answer that comes first is the last word.
        await page.click(button("choose"));
        await waitFor(() => page.exists(button("save")), "the preferences");
        await page.press("Escape");
        await waitFor(async () => !(await page.exists(button("save"))), "the preferences to close");
        await page.evaluate(() => {
          const late = self.fetch;
          self.fetch = (...asked) => (/receipts/.test(asked[0]) ? new Promise((resolve) => setTimeout(resolve, 1200)).then(() => late(...asked)) : late(...asked));
        });
        await page.click(button("choose"));
        await page.click(button("reject-all"));
        await bannerGone(page);
        await new Promise((resolve) => setTimeout(resolve, 2500));
        assert.equal(await page.exists(button("save")), false, "the preferences do not open after the answer");
      } finally {
        use.site.rewrite((text) => text.replace("[youtube, vimeo]", "[youtube]"));
        await waitFor(async () => (await gate()) === was, "the old question again", 30_000);
        await page.close();
      }
    });
  });
});

// All are served the same gate, which has to ask the browser itself.
for (const dnt of ["honor", "ignore"])
  describe(`a site that asks everybody, under dnt: ${dnt}`, () => {
    const use = {};
    before(async () => { use.site = await startOwnSite({ site: site(`dnt: ${dnt}`), page: (path) => pages[path] }); });
    after(() => use.site?.stop());
    inEveryEngine((newPage) => {
      /** visitor is what the browser's requests say; its scripts are told on the page /dnt. */
      const visit = async (visitor, path, act) => {
        use.site.visitor = visitor;
        use.site.posts.length = 0;
        const page = await newPage({});
        try {
          await page.open(use.site.origin + path);
          await act(page);
        } finally {
          await page.close();
        }
      };
      const sent = { dnt: "1" };
      // By id, as above.
      const decisions = () => [...new Map(use.site.posts.filter(({ path }) => path.endsWith("/decisions")).map(({ body, status }) => [JSON.parse(body).id, [JSON.parse(body).control, status]])).values()];
      const recorded = async (wanted) => {
        await waitFor(() => isDeepStrictEqual(decisions(), wanted), "the records").catch(() => {}); // the difference says more
        assert.deepEqual(decisions(), wanted);
      };
      const accept = async (page) => {
        await page.click(button("accept-all"));
        await bannerGone(page);
      };

      if (dnt === "ignore") {
        it("leaves what was granted as it is, and says nothing of the signal", () =>
          visit(sent, "/dnt", async (page) => {
            await waitFor(() => page.exists(button("accept-all")), "the banner");
            assert.equal(await page.evaluate(said), "");
            use.site.visitor = {};
            await page.open(use.site.origin + "/");
            await waitFor(() => page.exists(button("accept-all")), "the banner");
            await accept(page);
            await shows(page, { ran: both });
            use.site.visitor = sent;
            await page.open(use.site.origin + "/dnt");
            await shows(page, { ran: both });
            await recorded([["accept-all", 201]]);
          }));
        return;
      }

      it("names Do Not Track on the banner, and keeps what is granted despite it, but for what sells or shares", () =>
        visit(sent, "/dnt", async (page) => {
          await waitFor(() => page.exists(button("accept-all")), "the banner");
          assert.equal(await page.evaluate(said), "Do Not Track honoured.");
          await accept(page);
          await shows(page, { ran: ["analytics"] });
          await page.reload();
          await shows(page, { ran: ["analytics"] });
          await recorded([["accept-all", 201]]);
          await page.click("#settings");
          await waitFor(() => page.exists(button("save")), "the preferences");
          assert.equal(await page.evaluate(said), "Do Not Track honoured.");
          assert.deepEqual((await page.evaluate(switches))[2], ["share", false, false, "Do Not Track honoured"]);
        }));

      // A cached gate cannot see the header, and a proxy may drop it.
      for (const [way, visitor] of [["header and scripts", sent], ["scripts alone", {}]])
        it(`takes a grant back from the first moment of a page once the browser tells ${way}, once and on record`, () =>
          visit({}, "/", async (page) => {
            await waitFor(() => page.exists(button("accept-all")), "the banner");
            await accept(page);
            await shows(page, { ran: both });
            use.site.visitor = visitor;
            await page.open(use.site.origin + "/dnt");
            await shows(page, { ran: ["refused"] });
            await page.reload();
            await shows(page, { ran: ["refused"] });
            await recorded([["accept-all", 201], ["signal", 201]]);
            await page.click("#settings");
            await waitFor(async () => (await page.evaluate(said)) === "Do Not Track honoured.", "the signal's name");
            await page.click(button("accept-all"));
            await waitFor(async () => (await look(page)).ran.length === 2, "what was granted despite the signal");
            await page.reload();
            await shows(page, { ran: ["analytics"] });
            await recorded([["accept-all", 201], ["signal", 201], ["accept-all", 201]]);
          }));
    });
  });

describe("a site that lets answers go before signals", () => {
  const use = {};
  before(async () => { use.site = await startOwnSite({ site: site("site_specific_override: true"), page: (path) => pages[path] }); });
  after(() => use.site?.stop());
  inEveryEngine((newPage) => {
    for (const [path, name] of [["/signal", "Global Privacy Control"], ["/dnt", "Do Not Track"]])
      it(`says so wherever it asks a browser that sends ${name}, and keeps all that is granted`, async () => {
        const sentence = `Your browser asks for more privacy (${name}). What you allow here counts all the same.`;
        const page = await newPage({});
        try {
          await page.open(use.site.origin + path);
          await waitFor(() => page.exists(button("accept-all")), "the banner");
          assert.equal(await page.evaluate(said), sentence);
          await page.click(button("accept-all"));
          await bannerGone(page);
          await shows(page, { ran: both });
          await page.reload();
          await shows(page, { ran: both });
          await page.click("#settings");
          await waitFor(() => page.exists(button("save")), "the preferences");
          assert.equal(await page.evaluate(said), sentence);
          assert.deepEqual((await page.evaluate(switches)).map(([, on, free, why]) => [on, free, why]), Array(4).fill([true, true, ""]));
        } finally {
          await page.close();
        }
      });
  });
});

describe("an embed of what sells or shares, under a signal", () => {
  const use = {};
  const embed = (head) => `${body(head).replace("</body>", '<iframe data-consent="share:youtube" data-src="https://www.youtube-nocookie.com/embed/x" width="560" height="315"></iframe></body>')}`;
  before(async () => { use.site = await startOwnSite({ site: site(""), page: () => ({ body: embed("<script>Object.defineProperty(Navigator.prototype, 'globalPrivacyControl', { get: () => true })</script>") }) }); });
  after(() => use.site?.stop());
  inEveryEngine((newPage) => {
    it("opens by its own button, for good too, and permits nothing else", async () => {
      const page = await newPage({});
      const opened = () => page.evaluate(() => !!document.querySelector("iframe").getAttribute("src"));
      try {
        await page.open(use.site.origin + "/");
        await waitFor(() => page.exists(button("allow-service")), "the placeholder");
        assert.equal(await opened(), false);
        await page.click(button("allow-service"));
        await waitFor(opened, "the embed");
        await page.reload();
        await waitFor(opened, "the embed on a later visit");
        await shows(page, { ran: [] });
        await page.click("#settings");
        await waitFor(() => page.exists(button("save")), "the preferences");
        assert.deepEqual((await page.evaluate(switches)).slice(2), [["share", false, false, "Global Privacy Control honoured"], ["youtube", true, true, ""]]);
        await page.evaluate(() => { self.stays = true; });
        await page.click(button("save"));
        await waitFor(() => use.site.posts.find(({ body, status }) => body.includes('"save"') && status === 201), "the record");
        assert.equal(await page.evaluate(() => self.stays), true, "nothing is taken back, so that the page stays");
        await page.reload();
        await waitFor(opened, "the embed, which a later answer has left alone");
        await page.click("#settings");
        await waitFor(() => page.exists(button("accept-all")), "the preferences");
        await page.evaluate(() => { self.stays = true; });
        await page.click(button("accept-all"));
        await waitFor(() => use.site.posts.find(({ body, status }) => body.includes('"accept-all"') && status === 201), "the record");
        await shows(page, { ran: ["analytics", "refused"] });
        assert.deepEqual([await page.evaluate(() => self.stays), await opened()], [true, true], "who accepts everything keeps the embed");
      } finally {
        await page.close();
      }
    });
  });
});

describe("a site for children", () => {
  const use = {};
  before(async () => { use.site = await startOwnSite({ site: site("child_directed: true"), page: (path) => pages[path] }); });
  after(() => use.site?.stop());
  inEveryEngine((newPage) => {
    it("runs nothing, asks nothing, offers nothing and keeps nothing", async () => {
      const page = await newPage({});
      try {
        await page.open(use.site.origin + "/");
        await shows(page, { ran: ["refused"], control: "", banner: false });
        assert.deepEqual(await page.cookies(), []);
        assert.deepEqual(use.site.posts, []);
      } finally {
        await page.close();
      }
    });
  });
});
