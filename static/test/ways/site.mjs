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
const hostOf = (server) => `127.0.0.1:${server.address().port}`;

const gif = Buffer.from("R0lGODlhAQABAIAAAAAAAP///yH5BAEAAAAALAAAAAABAAEAAAIBRAA7", "base64");

/** What a vendor answers: a script that says which way it came by, a document that does, or the kind that was asked for. */
function answerTo(kind, name) {
  const say = `(self.ran || (self.parent && self.parent.ran) || []).push(${JSON.stringify(name)})`;
  if (/^(iframe|frame|embed|object)$/.test(kind)) return ["text/html", `<!doctype html><script>fetch("/ran/" + ${JSON.stringify(encodeURIComponent(name))})</script>`];
  if (kind === "image") return ["image/gif", gif];
  if (kind === "style") return ["text/css", "html { --styled: 1 }"];
  return ["text/javascript", say];
}

/** Answers everything, and remembers what was asked for and which of its documents ran. */
async function startThirdParty() {
  const it = { asked: [], ran: [], requests: [] };
  const servers = [];
  const server = await listen((request, response) => {
    const [, folder, ...rest] = new URL(request.url, "http://x").pathname.split("/");
    const name = decodeURIComponent(rest.pop() ?? folder);
    (folder === "ran" ? it.ran : it.asked).push(name);
    it.requests.push({ name, method: request.method, headers: request.headers });
    const [type, text] = answerTo(request.headers["sec-fetch-dest"], name);
    response.writeHead(200, { "content-type": type, "cache-control": "no-store", "access-control-allow-origin": "*" }).end(text);
  });
  server.on("upgrade", (request, socket) => (it.asked.push(decodeURIComponent(request.url.split("/").pop())), socket.destroy()));
  servers.push(server);
  it.host = hostOf(server);
  it.origin = `http://${it.host}`;
  /** An address of its own, for what does no more than connect. */
  it.connection = async (name) => {
    const own = await listen((_, response) => response.end());
    own.once("connection", () => it.asked.push(name));
    servers.push(own);
    return hostOf(own);
  };
  it.stop = () => Promise.all(servers.map(stop));
  return it;
}

const stored = "_evil* local:evil* session:evil* indexeddb:evil*";
const own = "_evil_pay local:evil.pay"; // of something necessary

function policyOf(block, hosts, digest) {
  return {
    site: "shop", base: "/p", cookie: "__Host-hint", rendering: "r", locales: { "": "en" }, heeds: ["globalPrivacyControl", "doNotTrack"], mark: "gpc-kept",
    consent: { keys: {}, rest: {}, redact: true }, report: block === "report", others: block === "strict" ? "-" : "",
    categories: [{ id: "analytics", digest, services: ["evil"] }, { id: "share", digest: "SSSS", services: [] }],
    rules: { evil: [hosts.join(" "), "evilBootstrap\\(", stored], "necessary:pay": [`${hosts[0]}/pay`, "", own] },
  };
}

// What every page of ways has first.
const setup = `<script>ran = []; rejected = []; URL_ = URL; load = (u) => { const s = document.createElement('script'); s.src = u; document.head.append(s) };
evilBootstrap = (u) => { ran.push(decodeURIComponent(u.split('/').pop())); new Image().src = u }; addEventListener('error', (e) => rejected.push(e.message)); addEventListener('unhandledrejection', (e) => rejected.push('unhandled ' + e.reason))</script>`;

/**
 * Serves a page that loads in these ways. gate: null serves a page without one;
 * page(url, origin) gives the body's HTML, with url(way) as the third party's address;
 * more are other paths' answers, [type, text]; browsers bring back from memory what is not no-store.
 */
export async function startSite({ gate, block, ways = [], page, more = {}, digest = "AAAA", cache = "no-store" }) {
  const third = await startThirdParty();
  const hosts = [`${third.host}/known`, "localhost/known"];
  for (const way of ways.filter(({ connects }) => connects)) hosts.push((way.host = await third.connection(way.name)));
  const policy = policyOf(block, hosts, digest);
  const url = (way) => (way.connects ? `http://${way.host}` : `${third.origin}/known/${encodeURIComponent(way.name ?? way)}`);
  const head = gate ? '<script src="/p/gate.js"></script>' : "";
  const routes = {
    "/": () => ["text/html", `<!doctype html><html lang="en"><head>${head}${setup}</head><body>${page(url, third.origin)}</body></html>`],
    "/p/gate.js": () => ["text/javascript", dist(gate).replace("__POLICY__", () => JSON.stringify(policy)).replace("__SAMPLE__", 0)],
    "/p/opener/r/en.js": () => ["text/javascript", dist("opener").replace("__POLICY__", () => JSON.stringify({ settings: { kind: "none", label: "" }, vendors: { evil: { stored }, "necessary:pay": { stored: own } } }))],
    "/worker.js": () => ["text/javascript", "importScripts(location.hash.slice(1) || location.search.slice(1))"],
    ...more,
  };
  const server = await listen((request, response) => {
    const route = routes[request.url.split("?")[0]];
    const [type, text] = route?.(request) ?? ["text/plain", ""];
    response.writeHead(route ? 200 : 404, { "content-type": type, "cache-control": cache });
    sendPieces(response, text);
  });
  return { third, address: `http://localhost:${server.address().port}/`, stop: async () => { await stop(server); await third.stop(); } };
}

/** Sends a text that arrives in pieces wherever CUT stands. */
async function sendPieces(response, text) {
  const [first, ...rest] = (text + "").split("CUT");
  response.write(first);
  for (const piece of rest) {
    await new Promise((resolve) => setTimeout(resolve, 100));
    response.write(piece);
  }
  response.end();
}

/** Grants, or denies, as the server's answer does: by the hint cookie. */
export function answer(status) {
  document.cookie = `hint=1.${Math.floor(Date.now() / 1000) + 1000}.analytics~${status}~AAAA.share~d~SSSS; path=/`;
  dispatchEvent(new Event("storage"));
}
