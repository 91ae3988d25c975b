// A page in any language, in front of the product: what visitors who read that
// language see.
import { readdirSync } from "node:fs";
import { createServer, request } from "node:http";
import { fileURLToPath } from "node:url";

const folder = fileURLToPath(new URL("../../components/locales/", import.meta.url));

/** The languages that are delivered. */
export const languages = readdirSync(folder).map((name) => name.replace(/\.yaml$/, ""));

export const direction = (tag) => (/^(ar|he)\b/.test(tag) ? "rtl" : "ltr");

/** A site file with these languages and this layout. */
export const speaking = (layout, tags = languages) => (site) =>
  site
    .replace(/^locales: .*$/m, `locales: [${tags.map((tag) => JSON.stringify(tag)).join(", ")}]`)
    .replace(/^layout: .*$/m, `layout: ${layout}`)
    .replace(/^    label: .*$/m, "    label: Privacy");

const html = (tag) => `<!doctype html><html lang="${tag}" dir="${direction(tag)}"><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<title>${tag}</title><style>body{font:16px/1.5 system-ui,sans-serif;margin:24px;max-width:720px}</style>
<script src="/privacy/gate.js"></script><main><a href="#consentry-settings">⚙</a><h1>Kiln &amp; Leaf</h1>${"<p>Lorem ipsum dolor sit amet, consectetur adipiscing elit, sed do eiusmod tempor incididunt ut labore.</p>".repeat(12)}</main>`;

/** Serves /TAG as a page in that language, extra pages or { type, body } by their path, and everything else from the shop. */
export async function startPages(shop, extra = {}) {
  const { host } = new URL(shop);
  const server = createServer((asked, answer) => {
    const tag = asked.url.slice(1);
    const own = extra[asked.url];
    if (own) return answer.writeHead(200, { "content-type": own.type ?? "text/html" }).end(own.body ?? own);
    if (languages.includes(tag)) return answer.setHeader("content-type", "text/html").end(html(tag));
    const headers = { ...asked.headers, host, ...(asked.headers.origin && { origin: shop }) };
    const forward = request(shop + asked.url, { method: asked.method, headers }, (got) => {
      answer.writeHead(got.statusCode, got.headers);
      got.pipe(answer);
    });
    forward.on("error", () => answer.destroy());
    asked.pipe(forward);
  });
  await new Promise((done) => server.listen(0, "127.0.0.1", done));
  const stop = () => new Promise((done) => server.close(done).closeAllConnections());
  return { address: `http://localhost:${server.address().port}`, stop };
}
