// What makes the two answers twins, for whoever sees them.
import assert from "node:assert/strict";

/**
 * Runs in the page without scripts, or with the open preferences before the banner: what tells accept
 * from its twin, in every layout and colour, light and dark; how many pairs were
 * looked at, and the fills of the buttons.
 */
function compare(layouts, colours) {
  const faults = [];
  const fills = new Set();
  let pairs = 0;
  const sized = /^(width|height|inline-size|block-size|perspective-origin|transform-origin)$/; // compared by themselves
  const light = (colour) => {
    const [r, g, b] = colour.match(/[\d.]+/g).map((v) => (v / 255 <= 0.03928 ? v / 255 / 12.92 : ((v / 255 + 0.055) / 1.055) ** 2.4));
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const contrast = (a, b) => {
    const [less, more] = [light(a), light(b)].sort((x, y) => x - y);
    return (more + 0.05) / (less + 0.05);
  };
  const styles = (el) => [null, "::before", "::after"].map((part) => getComputedStyle(el, part));
  const look = (a, b, where) => {
    pairs++;
    for (const side of ["width", "height"]) {
      const [x, y] = [a, b].map((el) => el.getBoundingClientRect()[side]);
      if (!(Math.abs(x / y - 1) <= 0.02)) faults.push(`${where}: ${x} and ${y} px in ${side}`);
    }
    const [mine, its] = [styles(a), styles(b)];
    mine.forEach((style, part) => {
      for (const name of style) if ((part || !sized.test(name)) && style.getPropertyValue(name) !== its[part].getPropertyValue(name)) faults.push(`${where}: ${name} ${style.getPropertyValue(name)} and ${its[part].getPropertyValue(name)}`);
    });
    const { color, backgroundColor } = mine[0];
    fills.add(backgroundColor);
    const paper = getComputedStyle(a.closest("section,dialog,body")).backgroundColor;
    if (contrast(color, backgroundColor) < 4.5 || contrast(backgroundColor, paper) < 3) faults.push(`${where}: ${color} on ${backgroundColor} on ${paper} is pale`);
  };
  // Whatever the pointer, the focus or a medium makes of them, it makes of both.
  const rules = (list) => [...list].flatMap((rule) => (rule.cssRules?.length ? rules(rule.cssRules) : [])
    .concat(rule.selectorText && !rule.selectorText.includes(":host") ? rule.selectorText.replace(/:(hover|active|focus(-visible|-within)?)\b/g, ":not(#none)") : []));
  const alike = (a, b, where) => {
    for (const sheet of a.getRootNode().adoptedStyleSheets)
      for (const selector of rules(sheet.cssRules)) if (a.matches(selector) !== b.matches(selector)) faults.push(`${where}: only one is ${selector}`);
  };
  const sheet = (css, dark) => {
    const made = new CSSStyleSheet();
    made.replaceSync(css.replace(/\(prefers-color-scheme:\s*dark\)/g, dark ? " all" : " not all"));
    return made;
  };
  const find = (name) => [...document.querySelectorAll("*")].map((el) => el.shadowRoot?.querySelector(name)).find(Boolean);
  const part = (box, control) => box.querySelector(`[data-do="${control}"],[value="${control}"]`);
  const inColours = (box, sheets, where, act) => {
    const root = box.getRootNode();
    const before = [...root.adoptedStyleSheets];
    if (sheets) root.adoptedStyleSheets = sheets;
    alike(...answers(box), where);
    for (const [name, css] of Object.entries(colours))
      for (const scheme of ["light", "dark"]) {
        root.adoptedStyleSheets = [...(sheets ?? before), sheet(css, scheme === "dark")];
        act(`${where}, ${name}, ${scheme}`);
      }
    root.adoptedStyleSheets = before;
  };

  const result = () => ({ faults, pairs, fills: fills.size });
  const answers = (box) => [part(box, "accept-all"), part(box, "reject-all")];
  const banner = find("section");
  if (!banner) {
    inColours(document.body, null, "page", (where) => look(...answers(document.body), where));
    return result();
  }
  for (const [layout, css] of Object.entries(layouts))
    inColours(banner, [sheet(css)], layout, (where) => look(...answers(banner), where));
  const dialog = find("dialog[open]");
  const [accept, reject] = answers(dialog);
  const withdraw = part(dialog, "withdraw");
  inColours(dialog, null, "preferences", (where) => {
    reject.hidden = !(withdraw.hidden = true);
    look(accept, reject, where);
    reject.hidden = !(withdraw.hidden = false);
    look(accept, withdraw, `${where}, after a choice`);
  });
  reject.hidden = !(withdraw.hidden = true);
  return result();
}

async function check(page, layouts, colours, boxes, where) {
  const { faults, pairs, fills } = await page.evaluate(compare, layouts, colours);
  assert.deepEqual(faults, [], where);
  const schemes = Object.keys(colours).length * 2;
  assert.deepEqual({ pairs, fills }, { pairs: schemes * boxes, fills: schemes }, `${where}: what was looked at`);
}

/** The answers in the banner and in the open preferences before it are twins in all of these sheets; see startSheets. */
export const checkTwins = (page, { layouts, colours }, where) => check(page, layouts, colours, Object.keys(layouts).length + 2, where);

/** So are those on the page without scripts. */
export const checkPlainTwins = (page, { plain }, where) => check(page, {}, plain, 1, where);
