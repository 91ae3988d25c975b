// What the tests of accessibility ask of a page, in words that every driver knows.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { waitFor } from "./page.mjs";

// A function, since drivers send functions by their source, past any policy of the page.
const axe = new Function(readFileSync(new URL("../node_modules/axe-core/axe.min.js", import.meta.url), "utf8"));
const tags = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"];

// Runs in the page. Drivers differ in whether they wait for promises.
function start(tags, without) {
  self.judged = null;
  const rules = Object.fromEntries(without.map((rule) => [rule, { enabled: false }]));
  self.axe.run(document, { runOnly: tags, rules, resultTypes: ["violations"] }).then(
    ({ violations, passes }) => { self.judged = { wrong: violations.map(({ id, nodes }) => `${id}: ${nodes.map(({ target, any }) => `${target.flat().join(" ")} ${any[0]?.message ?? ""}`).join(" | ")}`), passed: passes.length }; },
    (error) => { self.judged = { wrong: [String(error)], passed: 0 }; },
  );
}

/** Nothing in the page is against axe's rules as it stands now, but for those without which it goes. */
export async function clean(page, what, without = []) {
  if (!(await page.evaluate(() => "axe" in self))) await page.evaluate(axe);
  await page.evaluate(start, tags, without);
  const { wrong, passed } = await waitFor(() => page.evaluate(() => self.judged), `axe on ${what}`, 60_000);
  assert.deepEqual(wrong, [], what);
  assert.ok(passed > 8, `${what}: ${passed} rules found something to look at`);
}

/**
 * Runs in the page: what has the focus, through shadow roots: its data-do, id or
 * name; and whether any part of it can be seen.
 */
function read() {
  let el = document.activeElement;
  while (el?.shadowRoot?.activeElement) el = el.shadowRoot.activeElement;
  if (!el || el === document.body) return { name: "" };
  const top = (x, y) => {
    let hit = document.elementFromPoint(x, y);
    while (hit?.shadowRoot?.elementFromPoint(x, y) && hit.shadowRoot.elementFromPoint(x, y) !== hit) hit = hit.shadowRoot.elementFromPoint(x, y);
    return hit;
  };
  const { left, top: above, width, height } = el.getBoundingClientRect();
  const seen = [0.1, 0.5, 0.9].some((x) => [0.1, 0.5, 0.9].some((y) => {
    const hit = top(left + width * x, above + height * y);
    return hit && (hit === el || el.contains(hit) || hit.contains(el));
  }));
  return { name: el.dataset.do || el.id || el.dataset.category || el.dataset.service || el.localName, seen };
}

export const focused = (page) => page.evaluate(read);

/** Waits until that has the focus. */
export const focusOn = (page, name) => waitFor(async () => (await focused(page)).name === name, `the focus on ${name}`);

/** Tab goes through these, in this order, and nothing that has the focus is covered whole. */
export async function tabThrough(page, names) {
  const order = [];
  while (order.length < names.length) {
    await page.press("Tab");
    const { name } = await focused(page);
    // A page may scroll a frame later than it moves the focus.
    await waitFor(async () => (await focused(page)).seen, `${name} to be seen, which has the focus`, 5_000);
    // Firefox stops at a text that is scrolled, too; others only where no link is in it.
    if (name !== "div" || order.length > 0) order.push(name);
  }
  assert.deepEqual(order, names);
}
