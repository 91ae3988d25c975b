// A stand-in for the server, to play what the real one seldom does: failures, a
// changed notice. The scripts are the ones that are delivered.
import { readFileSync } from "node:fs";
import { createServer } from "node:http";

const csp = "default-src 'none'; script-src 'nonce-abc' 'strict-dynamic'; style-src 'nonce-abc'; connect-src 'self'; img-src 'self'; base-uri 'none'; " +
  "object-src 'none'; form-action 'self'; require-trusted-types-for 'script'; trusted-types consentry";

const html = '<section aria-labelledby="t"><div><h2 id="t">NAME</h2><p data-slot="failed" role="alert" hidden>Not saved <button data-do="retry">Again</button></p>' +
  '<p data-slot="changed" hidden>Changed</p><p data-slot="gpc" hidden>GPC</p><p data-slot="dnt" hidden>DNT</p></div><button data-do="accept-all">Accept</button><button data-do="reject-all">Reject</button></section>' +
  '<p data-slot="status" role="status" data-saved="Saved"></p>';

const bundle = (name) => readFileSync(new URL(`../dist/${name}.js`, import.meta.url), "utf8");
const fill = (script, values) => Object.entries(values).reduce((text, [hole, value]) => text.replace(hole, () => JSON.stringify(value)), script);

const policyOf = (rendering, digest) => ({
  site: "shop", base: "/p", mode: "path", cookie: "__Host-hint", domain: "", rendering, locales: { "": "en" }, heeds: ["globalPrivacyControl", "doNotTrack"], mark: "gpc-kept", layout: "card", memory: 1000,
  consent: { keys: { analytics_storage: "analytics" }, rest: { wait_for_update: 500 }, redact: true },
  categories: [{ id: "analytics", digest, services: ["ga4"] }],
});

/**
 * Serves body as a strict page. answer, if set, replaces the status and body of
 * decisions, which are answered once hold, a promise, is kept; decisions and scripts
 * list what was asked for.
 */
export async function startStandIn(body) {
  const it = { decisions: [], scripts: [], impressions: 0, pages: 0, answer: null, hold: null };
  const routes = {
    "/": (_, reply) => (it.pages += 1) && reply(200, "text/html", `<!doctype html><html lang="en"><title>Strict</title>${body}`, { "content-security-policy": csp }),
    "/p/gate.js": (_, reply) => reply(200, "text/javascript", fill(bundle("gate"), { __POLICY__: policyOf("one", "AAAA"), __SAMPLE__: 0 })),
    "/p/opener/one/en.js": (_, reply) => reply(200, "text/javascript", fill(bundle("opener"), { __POLICY__: { settings: { kind: "button", label: "Settings" } } })),
    "/p/opener/two/en.js": (_, reply) => routes["/p/opener/one/en.js"](_, reply),
    "/p/banner/one/en.js": (_, reply) => reply(200, "text/javascript", banner("", "AAAA", "First")),
    "/p/banner/two/en.js": (_, reply) => reply(200, "text/javascript", banner("", "BBBB", "Second")),
    "/p/impressions": (_, reply) => reply(204, "text/plain", "", {}, (it.impressions += 1)),
    "/p/decisions": async (sent, reply) => {
      const decision = JSON.parse(sent);
      it.decisions.push(decision);
      await it.hold;
      if (it.answer) return reply(it.answer.status, "application/json", JSON.stringify(it.answer.body ?? {}));
      const digest = decision.rendering === "two" ? "BBBB" : "AAAA";
      const hint = `1.${Math.floor(Date.now() / 1000) + 1000}.analytics~${decision.categories.analytics[0]}~${digest}`;
      reply(201, "application/json", JSON.stringify({ hint }), { "set-cookie": `hint=${hint}; Path=/; Max-Age=1000; SameSite=Lax` });
    },
  };
  const banner = (rendering, digest, name) => fill(bundle("banner"), { __POLICY__: policyOf(rendering, digest), __HTML__: html.replace("NAME", name), __CSS__: "section{position:fixed;inset:auto 0 0}[hidden]{display:none}" });
  const server = createServer(async (request, response) => {
    let sent = "";
    for await (const chunk of request) sent += chunk;
    const path = request.url.split("?")[0];
    const reply = (status, type, text, headers = {}) => response.writeHead(status, { "content-type": type, "cache-control": "no-store", ...headers }).end(text);
    if (path.startsWith("/vendor/")) {
      it.scripts.push(request.url);
      return setTimeout(() => reply(200, "text/javascript", `ran.push(${JSON.stringify(path)} + (document.currentScript ? "" : " without currentScript"))`), path.includes("slow") ? 400 : 0);
    }
    (routes[path] ?? ((_, say) => say(404, "text/plain", "")))(sent, reply);
  });
  await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
  it.address = `http://127.0.0.1:${server.address().port}/`;
  it.stop = () => new Promise((resolve) => { server.closeAllConnections(); server.close(resolve); });
  return it;
}
