// The gate by itself on a page with a strict policy: marked tags, Trusted Types,
// and what happens when the server fails or the notice has changed. What a template
// loads is marked too: Firefox 153 preloads scripts in templates.
import assert from "node:assert/strict";
import { afterEach, beforeEach, describe, it } from "node:test";
import { inEveryEngine } from "./engines.mjs";
import { waitFor } from "./page.mjs";
import { startStandIn } from "./standin.mjs";
import { button, recorded } from "./visit.mjs";

const body = `
<script nonce="abc">ran = []; dataLayer = []; consentry = [(c) => ran.push("queued " + c.permits("analytics"))]</script>
<script nonce="abc" src="/p/gate.js"></script>
<script nonce="abc" type="text/plain" data-consent="analytics">ran.push("inline")</script>
<script nonce="abc" type="text/plain" data-consent="analytics" data-src="/vendor/slow"></script>
<script nonce="abc" type="text/plain" data-consent="analytics:ga4" data-src="/vendor/quick"></script>
<script nonce="abc" type="text/plain" data-consent="analytics" id="after">ran.push(document.currentScript.id + " " + document.currentScript.dataset.keep)</script>
<script type="text/plain" data-consent="analytics">ran.push("without the page's nonce")</script>
<script type="text/plain" data-consent="analytics" data-src="/vendor/without-nonce"></script>
<script nonce="abc" type="text/plain" data-consent="share">ran.push("an unknown category")</script>
<template data-consent="analytics"><p id="inside"></p><script nonce="abc" type="text/plain" data-consent="analytics" data-src="/vendor/slow?2"></script><script nonce="abc">ran.push("in a template")</script></template>
<script nonce="abc" src="/p/gate.js"></script>
<script nonce="abc">document.getElementById("after").dataset.keep = "kept"</script>`;

const expected = ["queued false", "inline", "/vendor/slow", "/vendor/quick", "after kept", "/vendor/slow", "in a template"];

describe("the gate on a strict page", () => {
  inEveryEngine((newPage) => {
    const use = {};
    beforeEach(async () => {
      use.server = await startStandIn(body);
      use.page = await newPage({});
      await use.page.open(use.server.address);
      await waitFor(() => use.page.exists(button("accept-all")), "the banner");
    });
    afterEach(async () => {
      await use.page?.close();
      await use.server?.stop();
    });
    const ran = () => use.page.evaluate(() => self.ran ?? []);
    const gone = () => waitFor(async () => !(await use.page.exists(button("accept-all"))), "the banner to go");
    const hint = async () => (await use.page.evaluate(() => document.cookie)).replace(/^hint=1\.\d+\./, "");
    const commands = () => use.page.evaluate(() => dataLayer.map((entry) => (entry.event ? entry.event : [...entry].slice(0, 2).join(" "))));

    it("opens marked tags in order, each once, and only with the page's nonce", async () => {
      assert.deepEqual(await ran(), ["queued false"]);
      assert.deepEqual(use.server.scripts, []);
      assert.deepEqual(await commands(), ["consent default", "set ads_data_redaction"]);
      await use.page.click(button("accept-all"));
      await waitFor(async () => (await ran()).length >= expected.length, "the tags");
      await use.page.evaluate(() => consentry.scan(document));
      await new Promise((resolve) => setTimeout(resolve, 300));
      assert.deepEqual(await ran(), expected);
      assert.deepEqual(use.server.scripts, ["/vendor/slow", "/vendor/quick", "/vendor/slow?2"]);
      assert.deepEqual(await commands(), ["consent default", "set ads_data_redaction", "consent update", "consent_update"]);
      assert.equal(use.server.impressions, 1);
    });

    it("opens nothing on a click that a script made", async () => {
      await use.page.evaluate(() => [...document.querySelectorAll("div")].map((el) => el.shadowRoot?.querySelector("[data-do=accept-all]")).find(Boolean).click());
      await new Promise((resolve) => setTimeout(resolve, 300));
      assert.deepEqual(await ran(), ["queued false"]);
      assert.deepEqual(use.server.decisions, []);
      assert.ok(await use.page.exists(button("accept-all")));
    });

    it("switches nothing on when a grant cannot be saved, says so, and tries again with the same id", async () => {
      use.server.answer = { status: 503 };
      await use.page.click(button("accept-all"));
      await waitFor(() => use.page.exists('[data-slot="failed"]'), "the message");
      assert.deepEqual(await ran(), ["queued false"]);
      assert.equal(await hint(), "");
      use.server.answer = null;
      await use.page.click(button("retry"));
      await waitFor(async () => (await ran()).length >= expected.length, "the tags");
      const [first, second] = use.server.decisions;
      assert.equal(first.id, second.id);
      assert.match(first.id, /^[\w-]{22}$/);
    });

    it("refuses at once without the server, and sends the refusal from the next page", async () => {
      use.server.answer = { status: 503 };
      await use.page.click(button("reject-all"));
      await gone();
      assert.equal(await hint(), "analytics~d~AAAA");
      await waitFor(() => use.server.decisions.length === 1, "the refusal that fails"); // the page does not wait for it
      use.server.answer = null;
      await use.page.reload();
      await waitFor(() => use.server.decisions.length === 2, "the refusal again");
      assert.equal(use.server.decisions[0].id, use.server.decisions[1].id);
      await recorded(use.page);
      await use.page.reload();
      await new Promise((resolve) => setTimeout(resolve, 300));
      assert.equal(use.server.decisions.length, 2, "recorded: nothing is left to send");
      assert.equal(await use.page.exists(button("accept-all")), false);
    });

    it("a refusal is given up when the server itself will not have it, and by nobody else's word", async () => {
      const kept = () => use.page.evaluate(() => Object.keys(localStorage).some((key) => key.endsWith(":pending")));
      use.server.answer = { status: 403 };
      await use.page.click(button("reject-all"));
      await waitFor(() => use.server.decisions.length === 1, "the refusal");
      use.server.answer = { status: 403, body: { error: { code: "origin" } } };
      await use.page.reload();
      await waitFor(() => use.server.decisions.length === 2, "the refusal again");
      await waitFor(async () => !(await kept()), "it to be given up");
      assert.equal(await hint(), "analytics~d~AAAA");
    });

    it("a refusal that waits holds, though the answer to an earlier grant comes after it", async () => {
      use.server.answer = { status: 503 };
      await use.page.click(button("reject-all"));
      await waitFor(() => use.server.decisions.length === 1, "the refusal that fails");
      await use.page.evaluate(() => { document.cookie = `hint=1.${Math.floor(Date.now() / 1000) + 1000}.analytics~g~AAAA; path=/`; });
      await use.page.reload();
      await waitFor(() => use.server.decisions.length === 2, "the refusal again");
      assert.deepEqual(await ran(), ["queued false"]);
      assert.deepEqual(use.server.scripts, []);
      assert.equal(await use.page.evaluate(() => consentry.permits("!analytics")), true);
      assert.equal(await hint(), "analytics~d~AAAA");
    });

    it("what ran stops at once when it is taken back, though nobody answers", async () => {
      await use.page.click(button("accept-all"));
      await waitFor(async () => (await ran()).length >= expected.length, "the tags");
      let answer;
      use.server.hold = new Promise((resolve) => { answer = resolve; });
      await use.page.evaluate(() => { consentry.withdraw(); });
      await waitFor(() => use.server.pages === 2, "the page to be loaded again");
      answer(); // WebKit's driver waits for what is on its way before it looks
      await waitFor(async () => (await ran())?.length === 1, "the page without them");
      assert.deepEqual(await ran(), ["queued false"]);
      await recorded(use.page);
      assert.equal(new Set(use.server.decisions.map(({ id }) => id)).size, 2, "one grant, one withdrawal, however often they were sent");
      assert.equal(await hint(), "analytics~d~AAAA");
    });

    it("records where the browser refuses locks to a page", async () => {
      await use.page.evaluate(() => { navigator.locks.request = () => Promise.reject(new DOMException("denied in this context", "SecurityError")); });
      await use.page.click(button("accept-all"));
      await waitFor(async () => (await ran()).length >= expected.length, "the tags");
      assert.equal(use.server.decisions.length, 1);
    });

    it("a later answer is sent, though an earlier one was given to a notice that has changed", async () => {
      let answer;
      use.server.hold = new Promise((resolve) => { answer = resolve; });
      use.server.answer = { status: 409, body: { error: { code: "superseded", rendering: "two" } } };
      await use.page.click(button("accept-all"));
      await waitFor(() => use.server.decisions.length === 1, "the grant");
      await use.page.evaluate(() => { consentry.withdraw(); });
      await waitFor(() => use.page.evaluate(() => Object.entries(localStorage).some(([key, value]) => key.endsWith(":pending") && value.includes("withdraw"))), "the withdrawal to be kept");
      answer();
      await waitFor(() => use.server.decisions.some(({ control }) => control === "withdraw"), "the withdrawal");
      await recorded(use.page);
    });

    it("asks anew when the notice has changed, with the newer banner and its question", async () => {
      use.server.answer = { status: 409, body: { error: { code: "superseded", rendering: "two" } } };
      await use.page.click(button("accept-all"));
      await waitFor(() => use.page.evaluate(() => [...document.querySelectorAll("div")].some((el) => el.shadowRoot?.querySelector("h2")?.textContent === "Second")), "the newer banner");
      assert.deepEqual(await ran(), ["queued false"]);
      assert.doesNotMatch(await use.page.evaluate(() => [...document.querySelectorAll("div")].map((el) => el.shadowRoot?.querySelector("[data-slot=status]")?.textContent).join()), /Saved/, "nothing was");
      use.server.answer = null;
      await use.page.click(button("accept-all"));
      await waitFor(async () => (await ran()).length >= expected.length, "the tags");
      assert.equal(use.server.decisions.at(-1).rendering, "two");
      assert.equal(await hint(), "analytics~g~BBBB");
    });
  });
});
