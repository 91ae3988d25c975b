// The dashboard as browsers open it: behind a proxy that has every browser report
// what the page's own policy refuses, and the ways through its pages.
import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { createServer, request as forward } from "node:http";

/** Passes everything on to the operators' address; violations are what browsers reported. */
export async function startDesk(operators) {
  const { hostname, port } = new URL(`http://${operators}`);
  const violations = [];
  const server = createServer((request, response) => {
    if (request.url === "/violations") {
      let body = "";
      request.on("data", (text) => { body += text; });
      return request.on("end", () => { violations.push(body); response.writeHead(204).end(); });
    }
    const onward = forward({ hostname, port, path: request.url, method: request.method, headers: request.headers }, (answer) => {
      const policy = answer.headers["content-security-policy"];
      if (policy) answer.headers["content-security-policy-report-only"] = `${policy}; report-uri /violations`;
      response.writeHead(answer.statusCode, answer.headers);
      answer.pipe(response);
    });
    onward.on("error", () => response.destroy());
    response.on("close", () => onward.destroy());
    request.pipe(onward);
  });
  await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    origin: `http://localhost:${server.address().port}`,
    violations,
    stop: () => new Promise((resolve) => { server.closeAllConnections(); server.close(resolve); }),
  };
}

/** Runs in the page: the addresses of the dashboard's pages that it leads to. */
const links = () => [...document.querySelectorAll("a[href]")].filter((a) => !a.download && a.origin === location.origin && a.pathname.startsWith("/admin/") && !/\.(csv|json)$/.test(a.pathname)).map((a) => a.pathname + a.search);

/** Pages that differ by their period, or by values of their query alone, are one. */
const kind = (address) => {
  const { pathname, searchParams } = new URL(address, "http://x");
  searchParams.delete("days");
  searchParams.delete("week");
  return `${pathname}?${[...searchParams.keys()].sort()}`;
};

/** Opens every page that a way leads to from the first one, and calls act(path) on it. Returns their paths. */
export async function everyPage(page, origin, act) {
  const ways = ["/admin/"];
  const met = new Set(ways.map(kind));
  for (let i = 0; i < ways.length; i++) {
    await page.open(origin + ways[i]);
    for (const way of await page.evaluate(links)) {
      if (!met.has(kind(way))) ways.push(way);
      met.add(kind(way));
    }
    await act(ways[i]);
  }
  return ways;
}

/**
 * Runs in the page: what is wrong with how it stands in the window: wider than it, or
 * something that the Tab key reaches stands above what it reaches before.
 */
export function misplaced() {
  const wrong = [];
  const { scrollWidth, clientWidth } = document.documentElement;
  if (scrollWidth > clientWidth) wrong.push(`${scrollWidth} pixels wide`);
  const name = (el) => (el.innerText || el.ariaLabel || el.name || el.localName).trim().slice(0, 30);
  const stops = [...document.querySelectorAll("a[href],button,input,select,summary,iframe,[tabindex='0']")].filter((el) => el.checkVisibility() && !el.matches(".skip"));
  stops.forEach((el, i) => {
    const before = stops[i - 1]?.getBoundingClientRect();
    if (before && el.getBoundingClientRect().bottom <= before.top) wrong.push(`${name(el)} stands above ${name(stops[i - 1])}`);
  });
  return wrong;
}

/** Runs in the page: how many dots of a canvas have one of the page's colours. */
export function painted(selector, name) {
  const probe = document.createElement("i");
  document.body.append(probe);
  probe.style.color = `var(--${name})`;
  const wanted = getComputedStyle(probe).color.match(/\d+/g).map(Number);
  probe.remove();
  const canvas = document.querySelector(selector);
  const { data } = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height);
  let dots = 0;
  for (let i = 0; i < data.length; i += 4) if (data[i + 3] === 255 && wanted.every((part, at) => Math.abs(data[i + at] - part) < 3)) dots++;
  return dots;
}

/**
 * Runs in the page: the figures at the cursor of the chart that has the focus, in it and
 * in the table's row of that day, as names and figures; what it says to who does not see
 * it; and whether all charts point at the same day.
 */
export function chartAndTable() {
  const area = document.activeElement;
  const place = area.closest(".drawn");
  const table = document.querySelector(`table[data-figures="${place.dataset.from}"]`);
  const rows = [...table.tBodies[0].rows].filter((row) => !row.matches(".before")).reverse();
  const row = rows[area.getAttribute("aria-valuenow") - 1];
  const items = [...place.querySelectorAll("[data-key]")];
  const at = (key) => row.cells[[...table.tHead.rows[0].cells].findIndex((head) => head.dataset.column === key)];
  const words = (el) => el.textContent.trim().replace(/\s+/g, " ");
  const day = row.querySelector("th b").textContent;
  return {
    chart: items.map((item) => [words(item.querySelector("span")), words(item.querySelector("b"))]),
    table: items.map((item) => [words(item.querySelector("span")), words(at(item.dataset.key))]),
    spoken: area.getAttribute("aria-valuetext"),
    others: [...document.querySelectorAll(".u-over")].every((el) => el.getAttribute("aria-valuetext").startsWith(day)),
  };
}

const firefox = "Mozilla/5.0 (X11; Linux x86_64; rv:153.0) Gecko/20100101 Firefox/153.0";

/** What a visitor's browser posts; the dashboard has something to show then. */
export async function visitors(site) {
  // Of the banner whose turn it is.
  const [, rendering] = (await (await fetch(`${site.origin}/privacy/gate.js`)).text()).match(/rendering"?:"([^"]+)"/);
  const [, layout] = (await (await fetch(`${site.origin}/privacy/banner/${rendering}/en.js`)).text()).match(/layout"?:"(\w+)"/);
  const headers = { origin: site.origin, "content-type": "application/json", "user-agent": firefox, referer: `${site.origin}/goods/teapot` };
  const post = async (path, body) => {
    const answer = await fetch(`${site.origin}/privacy/${path}`, { method: "POST", headers, body: JSON.stringify({ rendering, locale: "en", layout, ...body }) });
    assert.ok(answer.ok, `${path}: ${answer.status}`);
    return answer;
  };
  const shown = () => post("impressions", { again: false, webdriver: false });
  const decides = async (control, analytics, share) => {
    await shown();
    const surface = control === "save" ? "preferences" : "banner";
    const answer = await post("decisions", { id: randomBytes(16).toString("base64url"), surface, control, layer: 1, scope: "keep", after_ms: 900, categories: { analytics, share } });
    return (await answer.json()).receipt;
  };
  for (const country of ["DE", "FR"]) {
    site.visitor = { "x-country": country };
    await decides("accept-all", "granted", "granted");
    await decides("reject-all", "denied", "denied");
    await shown();
  }
  return { shown, receipt: await decides("save", "granted", "denied") };
}

/** The visitor behind a receipt asks for a correction. */
export async function complains(site, receipt) {
  const answer = await fetch(site.origin + receipt, {
    method: "POST", redirect: "manual", headers: { origin: site.origin, "content-type": "application/x-www-form-urlencoded" },
    body: new URLSearchParams({ request: "correction", reason: "not-me" }),
  });
  assert.equal(answer.status, 303);
}
