// What a visitor sees of placeholders and does with them.
import { waitFor } from "../page.mjs";

const NOW = '[data-now="1"]';

/** Runs in the page: what stands for the embed, or null. */
function read(id) {
  const host = document.getElementById(id)?.previousSibling;
  const root = host?.shadowRoot;
  if (!root || !host.getClientRects().length) return null;
  const seen = (el) => (el && !el.hidden && el.getClientRects().length ? el.textContent.trim() : "");
  const [group, more] = root.children;
  const [title, words, failed, twins, link] = group.children;
  return {
    title: seen(title), words: seen(words), failed: seen(failed), more: seen(more),
    buttons: [...twins.children].map((button) => {
      const { width, height } = button.getBoundingClientRect();
      const { fontSize, fontWeight, color, backgroundColor } = getComputedStyle(button);
      return { text: seen(button), look: [Math.round(width), Math.round(height), fontSize, fontWeight, color, backgroundColor].join() };
    }),
    link: seen(link) && { text: link.textContent.trim(), href: link.href, rel: link.rel, target: link.target },
  };
}

/** What stands for the embed with this id, once it does. */
export const placeholder = (page, id = "first") => waitFor(() => page.evaluate(read, id), `a placeholder for ${id}`);

export const noPlaceholder = (page, id = "first") => waitFor(async () => !(await page.evaluate(read, id)), `no placeholder for ${id}`);

/** How many placeholders the page holds, shadow roots included. */
export const count = (page) => page.evaluate(() => {
  const all = (root) => [...root.querySelectorAll("*")].flatMap((el) => [el, ...(el.shadowRoot ? all(el.shadowRoot) : [])]);
  return all(document).filter((el) => el.matches("[popover]")).length;
});

/** Clicks a control of the placeholder of the embed with this id: load-once, allow-service, more. */
export async function press(page, control, id = "first") {
  await placeholder(page, id);
  await page.evaluate((id, control) => {
    for (const host of document.querySelectorAll("*")) host.shadowRoot?.querySelector("[data-now]")?.removeAttribute("data-now");
    const root = document.getElementById(id).previousSibling.shadowRoot;
    root.querySelector(control === "more" ? "[popovertarget]" : `[data-do="${control}"]`).dataset.now = "1";
  }, id, control);
  await page.click(NOW);
}

/** Whether the embed with this id has its address now. */
export const loaded = (page, id = "first") => waitFor(() => page.evaluate((id) => document.getElementById(id)?.hasAttribute("src"), id), `${id} to load`);

/** Waits until nothing has been asked for during a while. */
export async function calm(third) {
  for (let before = -1; before !== third.asked.length; ) {
    before = third.asked.length;
    await new Promise((resolve) => setTimeout(resolve, 500));
  }
  return third.asked;
}
