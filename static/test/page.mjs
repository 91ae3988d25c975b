// What every engine's page needs: finding through shadow roots, and waiting.

/**
 * Runs in the page: the centre of the first visible element that matches, looked for
 * in the document and every open shadow root, scrolled into view; or null.
 */
export function find(selector) {
  const search = (root) => {
    for (const el of root.querySelectorAll(selector)) {
      if (el.getClientRects().length > 0 && getComputedStyle(el).visibility !== "hidden") return el;
    }
    for (const host of root.querySelectorAll("*")) {
      const hit = host.shadowRoot && search(host.shadowRoot);
      if (hit) return hit;
    }
    return null;
  };
  const el = search(document);
  if (!el) return null;
  el.scrollIntoView({ block: "center", behavior: "instant" });
  const box = el.getBoundingClientRect();
  return { x: box.x + box.width / 2, y: box.y + box.height / 2, text: el.innerText ?? el.textContent };
}

/** Asks until the answer is truthy and returns it; an error names what was awaited. */
export async function waitFor(ask, what, timeout = 20_000) {
  const end = Date.now() + timeout;
  for (;;) {
    const answer = await ask();
    if (answer) return answer;
    if (Date.now() > end) throw new Error(`waited ${timeout / 1000} s for ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

/** Waits until at(selector) finds an element that keeps its place, and returns it. */
export async function steady(at, selector) {
  let last;
  return waitFor(async () => {
    const box = await at(selector);
    const still = box && last && box.x === last.x && box.y === last.y;
    last = box;
    return still && box;
  }, `${selector} to be there and keep still`);
}
