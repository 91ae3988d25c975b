// What a screen shows, pixel by pixel: drivers of Chromium and Firefox alone can take
// part of it.
import { find, steady } from "./page.mjs";

/** A picture of the first element that matches, and of so many pixels around it. */
export async function shot(page, selector, around) {
  await steady((selector) => page.evaluate(find, selector), selector);
  const clip = await page.evaluate(place, selector, around);
  const picture = await page.screenshot({ clip });
  return { ...clip, picture: `data:image/png;base64,${Buffer.from(picture).toString("base64")}` };
}

// Runs in the page.
function place(selector, around) {
  const roots = [document, ...[...document.querySelectorAll("*")].map((el) => el.shadowRoot).filter(Boolean)];
  const el = roots.flatMap((root) => [...root.querySelectorAll(selector)]).find((el) => el.getClientRects().length);
  const { x, y, width, height } = el.getBoundingClientRect();
  return { x: Math.round(x) - around, y: Math.round(y) - around, width: Math.round(width) + 2 * around, height: Math.round(height) + 2 * around };
}

/**
 * Runs in the page: how many pixels of two pictures of one place have a contrast of 3:1
 * to one another (apart), and in each how many have it to its corner (before, after).
 */
export async function contrastOf(before, after) {
  const read = async ({ picture }) => {
    const image = new Image();
    image.src = picture;
    await image.decode();
    const canvas = Object.assign(document.createElement("canvas"), { width: image.width, height: image.height });
    const brush = canvas.getContext("2d");
    brush.drawImage(image, 0, 0);
    const { data } = brush.getImageData(0, 0, image.width, image.height);
    const part = (v) => (v / 255 <= 0.03928 ? v / 255 / 12.92 : ((v / 255 + 0.055) / 1.055) ** 2.4);
    return Array.from({ length: data.length / 4 }, (_, i) => 0.2126 * part(data[i * 4]) + 0.7152 * part(data[i * 4 + 1]) + 0.0722 * part(data[i * 4 + 2]));
  };
  const far = (a, b) => (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05) >= 3;
  const [x, y] = [await read(before), await read(after)];
  const count = (list, other) => list.filter((light, i) => far(light, other(i))).length;
  return { apart: count(x, (i) => y[i]), before: count(x, () => x[0]), after: count(y, () => y[0]) };
}
