// What can be seen of banner, preferences, placeholders and the settings' button, told
// by functions that run in the page.

/**
 * What is wrong with the banner in each of these layouts, or with the open
 * preferences: cut off, one over the other, answers of two sizes, or a button that nobody could press.
 * Returns also how many buttons were looked at, and how large their letters are. On a
 * low screen buttons may be scrolled to, and, where halves are judged, no banner may cover more than one
 * without scrolling inside.
 */
export function look(layouts, low, halves) {
  const faults = [];
  let buttons = 0;
  let letters = 0;
  const find = (name) => [...document.querySelectorAll("*")].map((el) => el.shadowRoot?.querySelector(name)).find(Boolean);
  const box = find("dialog[open]") ?? find("section");
  const root = box.getRootNode();
  const name = (el) => `${el.localName} ${el.textContent.trim().slice(0, 30)}`;
  const shown = (el) => el.getClientRects().length && !/^(inline|contents)$/.test(getComputedStyle(el).display) && getComputedStyle(el).position !== "absolute";
  const over = (a, b) => {
    const [x, y] = [a.getBoundingClientRect(), b.getBoundingClientRect()];
    return Math.min(x.right, y.right) - Math.max(x.left, y.left) > 1 && Math.min(x.bottom, y.bottom) - Math.max(x.top, y.top) > 1;
  };
  const judge = (where) => {
    const all = [box, ...box.querySelectorAll("*")].filter(shown);
    for (const el of all) {
      if (el.scrollWidth > el.clientWidth && !el.closest("svg,thead") && el.clientWidth) faults.push(`${where}: ${name(el)} is ${el.scrollWidth} px wide in ${el.clientWidth}`);
      if (el.localName === "button" && el.scrollHeight > el.clientHeight) faults.push(`${where}: ${name(el)} is cut off below`);
      const children = [...el.children].filter(shown);
      children.forEach((a, i) => children.slice(i + 1).forEach((b) => over(a, b) && faults.push(`${where}: ${name(a)} lies over ${name(b)}`)));
    }
    const text = box.querySelector(".text");
    if (text.scrollHeight > text.clientHeight && getComputedStyle(text).overflowY !== "auto") faults.push(`${where}: the text ends where it is cut off`);
    if (text.clientHeight < 40) faults.push(`${where}: only ${text.clientHeight} px are left for the text`);
    const { width, height } = box.getBoundingClientRect();
    const scrolls = [box, text].some((el) => el.scrollHeight > el.clientHeight);
    if (low && halves && box.localName === "section" && width * height > (innerWidth * innerHeight) / 2 && !scrolls) faults.push(`${where}: ${width} × ${height} px cover more than half of the screen`);
    const [accept, reject] = ["accept-all", "reject-all"].map((control) => box.querySelector(`[data-do="${control}"]`).getBoundingClientRect());
    for (const side of ["width", "height"]) if (Math.abs(accept[side] / reject[side] - 1) > 0.02) faults.push(`${where}: the answers are ${accept[side]} and ${reject[side]} px in ${side}`);
    for (const el of box.querySelectorAll("header button,.actions button")) {
      if (!el.getClientRects().length) continue;
      buttons++;
      if (low) el.scrollIntoView({ block: "nearest" });
      letters = Number.parseFloat(getComputedStyle(el).fontSize);
      const { left, right, top, bottom } = el.getBoundingClientRect();
      const [x, y] = [(left + right) / 2, (top + bottom) / 2];
      for (const at of [[x, y], [left + 2, y], [right - 2, y], [x, top + 2], [x, bottom - 2]])
        if (!el.contains(root.elementFromPoint(...at))) faults.push(`${where}: ${name(el)} cannot be pressed at ${at.map(Math.round)}`);
    }
  };
  if (box.localName === "dialog") {
    for (const open of [false, true]) {
      for (const d of box.querySelectorAll("details")) d.open = open;
      judge(`preferences${open ? ", unfolded" : ""}`);
    }
    return { faults, buttons, letters };
  }
  const before = [...root.adoptedStyleSheets];
  for (const [layout, css] of Object.entries(layouts)) {
    const sheet = new CSSStyleSheet();
    sheet.replaceSync(css);
    root.adoptedStyleSheets = [sheet];
    judge(layout);
  }
  root.adoptedStyleSheets = before;
  return { faults, buttons, letters };
}

/** The words of up to 16 letters in the cells of the open preferences' tables that go on in another line. */
export function broken() {
  const dialog = [...document.querySelectorAll("*")].map((el) => el.shadowRoot?.querySelector("dialog[open]")).find(Boolean);
  for (const d of dialog.querySelectorAll("details")) d.open = true;
  const range = document.createRange();
  const words = [...dialog.querySelectorAll("td :is(code,bdi)")].flatMap(({ firstChild }) => [...firstChild.data.matchAll(/[^\s/-]+/g)].map(({ 0: word, index }) => {
    range.setStart(firstChild, index);
    range.setEnd(firstChild, index + word.length);
    return { word, lines: new Set([...range.getClientRects()].filter(({ width }) => width > 0).map(({ bottom }) => Math.round(bottom))).size };
  }));
  return { words: words.length, broken: words.filter(({ word, lines }) => word.length <= 16 && lines > 1).map(({ word }) => word) };
}

/** What of ours that is no text is seen on the page, in any shadow root: the names of its elements, in order. */
export function controls() {
  const all = (root) => [...root.querySelectorAll("*")].flatMap((el) => (el.shadowRoot ? [...el.shadowRoot.querySelectorAll("*"), ...all(el.shadowRoot)] : []));
  return all(document).filter((el) => el.matches("button,section,dialog,input,[role=status]:not(:empty)") && el.getClientRects().length && getComputedStyle(el).visibility === "visible")
    .map((el) => el.dataset.do ?? (el.hasAttribute("popovertarget") ? "more" : el.dataset.consentrySettings ? "settings" : el.localName));
}

/** Has rules for print hold on the screen, or no longer; returns how many there are. */
export function print(on) {
  let found = 0;
  for (const { shadowRoot } of document.querySelectorAll("*"))
    for (const { cssRules } of shadowRoot?.adoptedStyleSheets ?? [])
      for (const { media } of cssRules) {
        if (media?.mediaText !== (on ? "print" : "all")) continue;
        media.mediaText = on ? "all" : "print";
        found++;
      }
  return found;
}

/** How large the letters of the settings' button are, in pixels, and whether it is cut off; nothing without one. */
export function settings() {
  const el = [...document.querySelectorAll("*")].map((el) => el.shadowRoot?.querySelector("[data-consentry-settings]")).find(Boolean);
  if (!el?.getClientRects().length) return null;
  const { left, right, top, bottom } = el.getBoundingClientRect();
  const cut = el.scrollWidth > el.clientWidth || el.scrollHeight > el.clientHeight || left < 0 || top < 0 || right > innerWidth || bottom > innerHeight;
  return { letters: Number.parseFloat(getComputedStyle(el).fontSize), cut };
}
