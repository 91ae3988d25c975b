// Takes the README's pictures into static/screenshots: make pictures
// WebP, because the same picture as PNG is four times the size.
import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { waitFor } from "./page.mjs";
import { launch } from "./puppeteer.mjs";
import { startProduct } from "./product.mjs";
import { article, button, checkPanel, visit } from "./visit.mjs";

const folder = fileURLToPath(new URL("../screenshots/", import.meta.url));
const limit = 60 * 1024; // bytes, each

const product = await startProduct();
const browser = await launch("chromium");
try {
  mkdirSync(folder, { recursive: true });
  await takeDashboard();
  await takeLayouts();
  await take("banner", "/", {});
  await take("demo", article, { scheme: "dark" }, async (page) => {
    await page.click(button("accept-all"));
    await checkPanel(page, ["ga4", "matomo", "youtube", "addtoany"]);
    await page.evaluate(() => {
      document.querySelector("#demo-panel").open = true;
      document.querySelector(".film").scrollIntoView({ block: "end" });
    });
  });
} finally {
  await browser.close();
  await product.stop();
}

// Every layout in both schemes, wide and narrow, one picture each: what a sheet of
// proofs is to a printer.
async function takeLayouts() {
  for (const layout of ["card", "dialog", "bar"]) {
    await product.configure((site) => site.replace(/^layout: .*$/m, `layout: ${layout}`));
    for (const scheme of ["light", "dark"]) {
      const page = await browser.newPage({ width: 1200, height: 750, scheme });
      await visit(page, product.shop + "/");
      await save(`${layout}-${scheme}`, await page.screenshot({ type: "webp", quality: 50 }));
      await page.resize(320, 640);
      await save(`${layout}-${scheme}-320`, await page.screenshot({ type: "webp", quality: 50 }));
      await page.close();
    }
  }
}

// The dashboard's page tests draw it with figures of a made-up month.
async function takeDashboard() {
  const pages = mkdtempSync(join(tmpdir(), "consentry-pages-"));
  execFileSync("go", ["test", "-count=1", "./templates", "-update", "-pages", pages], { cwd: fileURLToPath(new URL("../../", import.meta.url)) });
  const script = fileURLToPath(new URL("../dist/dashboard.js", import.meta.url));
  const server = createServer(({ url }, response) => {
    const isScript = url.startsWith("/admin/script/");
    response.writeHead(200, { "content-type": isScript ? "text/javascript" : "text/html" }).end(readFileSync(isScript ? script : join(pages, "site-30.html")));
  });
  await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
  const page = await browser.newPage({ width: 1200, height: 980 });
  await page.open(`http://127.0.0.1:${server.address().port}/`);
  await waitFor(() => page.exists("[data-chart] canvas"), "the charts");
  await save("dashboard", await page.screenshot({ type: "webp", quality: 74 }));
  await page.close();
  server.close();
}

async function take(name, path, options, prepare = async () => {}) {
  const page = await browser.newPage({ width: 1200, height: 750, ...options });
  await visit(page, product.shop + path);
  await prepare(page);
  await new Promise((resolve) => setTimeout(resolve, 4000)); // the passing note "Saved" is gone
  const picture = await page.screenshot({ type: "webp", quality: 82 });
  await page.close();
  await save(name, picture);
}

async function save(name, picture) {
  if (picture.length > limit) throw new Error(`${name} is ${picture.length} bytes, more than ${limit}`);
  writeFileSync(`${folder}${name}.webp`, picture);
  console.log(`${name}.webp ${picture.length} bytes`);
}
