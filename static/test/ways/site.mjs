// A page and a third party, on two addresses of this machine. The gate is the
// bundle that is delivered, with a policy as the server writes it.
import { readFileSync } from "node:fs";
import { createServer } from "node:http";

const dist = (name) => readFileSync(new URL(`../../dist/${name}.js`, import.meta.url), "utf8");

const listen = (handler) =>
  new Promise((resolve) => {
    const server = createServer(handler);
    server.listen(0, "127.0.0.1", () => resolve(server));
  });

const stop = (server) => new Promise((resolve) => { server.closeAllConnections(); server.close(resolve); });

/** Answers everything, and remembers what was asked for. A script says which way it came by. */
async function startThirdParty() {
  const asked = [];
  const server = await listen((request, response) => {
    const path = new URL(request.url, "http://x").pathname;
    asked.push(decodeURIComponent(path.split("/").pop()));
    const script = `(self.ran || (self.parent && self.parent.ran) || []).push(${JSON.stringify(decodeURIComponent(path.split("/").pop()))})`;
    response.writeHead(200, { "content-type": "text/javascript", "cache-control": "no-store", "access-control-allow-origin": "*" }).end(script);
  });
  return { asked, origin: `http://127.0.0.1:${server.address().port}`, stop: () => stop(server) };
}

/** page(url) gives the body's HTML, with url(way) as the third party's address. gate: null serves a page without one. */
export async function startSite({ gate, block, page }) {
  const third = await startThirdParty();
  const host = third.origin.replace("http://", "");
  const policy = {
    site: "shop", base: "/p", mode: "path", cookie: "__Host-hint", rendering: "r", locales: { "": "en" }, opener: "x",
    consent: { keys: {}, rest: {}, redact: true }, block,
    categories: [{ id: "analytics", digest: "AAAA", services: ["evil"] }, { id: "share", digest: "SSSS", services: [] }],
    rules: { evil: [`${host}/known`, "evilBootstrap\\(", "_evil* local:evil*"], "necessary:pay": [`${host}/known/pay`] },
  };
  const scripts = {
    "/p/gate.js": () => dist(gate).replace("__POLICY__", () => JSON.stringify(policy)),
    "/p/opener/x/en.js": () => dist("opener").replace("__POLICY__", () => JSON.stringify({ settings: { kind: "none", label: {} }, vendors: { evil: { stored: "_evil* local:evil*" } } })),
  };
  const server = await listen((request, response) => {
    const path = request.url.split("?")[0];
    if (scripts[path]) return response.writeHead(200, { "content-type": "text/javascript" }).end(scripts[path]());
    if (path !== "/") return response.writeHead(404).end();
    const setup = `<script>ran = []; rejected = []; URL_ = URL; load = (u) => { const s = document.createElement('script'); s.src = u; document.head.append(s) }; evilBootstrap = load; addEventListener('error', (e) => rejected.push(e.message))</script>`;
    response.writeHead(200, { "content-type": "text/html", "cache-control": "no-store" });
    response.end(`<!doctype html><html lang="en"><head>${gate ? '<script src="/p/gate.js"></script>' : ""}${setup}</head><body>${page((way) => `${third.origin}/known/${encodeURIComponent(way)}`, third.origin)}</body></html>`);
  });
  return { third, address: `http://localhost:${server.address().port}/`, stop: async () => { await stop(server); await third.stop(); } };
}

/** Grants, or denies, as the server's answer does: by the hint cookie. */
export function answer(status) {
  document.cookie = `hint=1.${Math.floor(Date.now() / 1000) + 1000}.analytics~${status}~AAAA.share~d~SSSS; path=/`;
  dispatchEvent(new Event("storage"));
}
