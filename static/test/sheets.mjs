// The style sheets that banners come with: every layout, and the colours that are
// delivered, our own and the demo's. Pages differ in them alone, so that one visit
// serves for all.
import { speaking } from "./languages.mjs";

const own = /^colors:\n(?: .*\n)+/m;
const first = ":host>*{color-scheme:";

/**
 * { layouts, colours, plain }: style sheets by name. Colours lie over a layout, plain
 * ones over the page without scripts; each has light and dark. The product speaks the
 * languages from then on.
 */
export async function startSheets(product, tags) {
  const layouts = {};
  for (const layout of ["bar", "card", "dialog"]) {
    await product.configure(speaking(layout, tags));
    layouts[layout] = await sheetOf(product.shop);
  }
  const demo = { banner: layouts.dialog, plain: await plainOf(product.shop) };
  let colors;
  await product.configure((site) => site.replace(own, (lines) => { colors = lines; return ""; }));
  const ours = { banner: await sheetOf(product.shop), plain: await plainOf(product.shop) };
  await product.configure((site) => `${site}\n${colors}`);
  const coloursOf = ({ banner }) => banner.slice(banner.indexOf(first));
  return { layouts, colours: { ours: coloursOf(ours), demo: coloursOf(demo) }, plain: { ours: ours.plain, demo: demo.plain } };
}

/** The colours that the page without scripts begins its style with. */
async function plainOf(shop) {
  const page = await (await fetch(`${shop}/privacy/choices`)).text();
  return page.match(/<style[^>]*>(:root[^]*?\}\})/)[1];
}

/** The style sheet in the banner's script. */
async function sheetOf(shop) {
  const text = async (path) => (await fetch(`${shop}/privacy/${path}`)).text();
  const [, rendering] = (await text("gate.js")).match(/rendering:"([^"]+)"/);
  const script = await text(`banner/${rendering}/en.js`);
  const begin = script.indexOf('":host{all:');
  return JSON.parse(script.slice(begin).match(/^"(?:[^"\\]|\\.)*"/)[0]);
}
