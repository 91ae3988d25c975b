// The question and the way back can be reached on any page: one that exchanges its
// body, as Turbo does, one whose library has a remove() of its own, as Prototype
// has; and by somebody impatient.
import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { inEveryEngine } from "./engines.mjs";
import { waitFor } from "./page.mjs";
import { startOwnSite } from "./site.mjs";
import { bannerGone, button } from "./visit.mjs";

const site = (origin) => `
id: shop
name: Shop
origins: ["${origin}"]
controller: {name: Shop Ltd, address: "1 Road", contact: a@shop.example}
categories:
  - {id: analytics, services: [ga4]}
  - {id: share, services: [youtube]}
`;

const html = (head) => ({ body: `<!doctype html><html lang="en"><head><title>Shop</title>${head}<script>ran = []</script><script src="/privacy/gate.js"></script></head><body>
<p>Text</p><a id="settings" href="#consentry-settings">Settings</a><script type="text/plain" data-consent="analytics">ran.push("tag")</script>
<iframe id="film" width="560" height="315" data-consent="youtube" data-src="/film"></iframe></body></html>` });
const pages = {
  "/": html(""),
  "/old": html("<script>Element.prototype.remove = function () { this.parentNode.removeChild(this); return this }</script>"),
  "/film": { body: "<!doctype html><title>Film</title>" },
};

const own = "[data-consentry-settings]";

/** Runs in the page: another body, with what the old one had of the page itself. */
function exchange() {
  const body = document.createElement("body");
  body.innerHTML = '<p>Another view</p><a id="settings" href="#consentry-settings">Settings</a>';
  document.body.replaceWith(body);
}

/** How many dialogs are open. */
const open = (page) => page.evaluate(() => [...document.querySelectorAll("*")].filter((el) => el.shadowRoot?.querySelector("dialog[open]")).length);
const modal = () => [...document.querySelectorAll("*")].some((el) => el.shadowRoot?.querySelector("dialog:modal"));
const opened = (page) => waitFor(() => page.exists(button("save")), "the preferences");
const placed = (page) => waitFor(() => page.evaluate(() => Boolean(document.getElementById("film").previousSibling.shadowRoot)), "the placeholder");

describe("what visitors are offered", () => {
  const use = {};
  before(async () => { use.site = await startOwnSite({ site, page: (path) => pages[path] }); });
  after(() => use.site?.stop());
  inEveryEngine((newPage) => {
    async function visit(path, act) {
      const page = await newPage({});
      try {
        use.site.posts.length = 0;
        await page.open(use.site.origin + path);
        await waitFor(() => page.exists(button("accept-all")), "the banner");
        await act(page);
      } finally {
        await page.close();
      }
    }

    it("is there again when a page has exchanged its body, layer by layer", () =>
      visit("/", async (page) => {
        await page.evaluate(exchange);
        await page.click(button("choose"));
        await opened(page);
        await page.click(button("close"));
        await waitFor(() => page.exists(button("reject-all")), "the banner again");
        await page.click(button("reject-all"));
        await bannerGone(page);
        await waitFor(() => page.exists(own), "the way back");
        await page.evaluate(exchange);
        await page.click(own);
        await opened(page);
        await page.click(button("close"));
        await page.evaluate(exchange);
        await page.click("#settings");
        await opened(page);
        await page.evaluate(exchange);
        await page.evaluate(() => { consentry.open(); });
        await waitFor(() => page.evaluate(modal), "the preferences before all else");
      }));

    it("opens once, however often it is asked for", () =>
      visit("/", async (page) => {
        await page.evaluate(() => { for (let i = 0; i < 3; i++) consentry.open(); });
        await opened(page);
        assert.equal(await open(page), 1);
        await page.click(button("close"));
        await waitFor(async () => (await open(page)) === 0, "the preferences to close");
      }));

    it("works where the page's library has a remove() that fails on what is nowhere", () =>
      visit("/old", async (page) => {
        await placed(page);
        await page.click(button("accept-all"));
        await waitFor(() => page.evaluate(() => ran.length === 1 && document.getElementById("film").hasAttribute("src")), "the tag and the film");
      }));
  });
});
