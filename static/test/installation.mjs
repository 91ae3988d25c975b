// The built program as an owner runs it: a site file of the test's own, pages
// behind the same origin, and a third party on another one.
import { spawn, spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer, request as forward } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { waitFor } from "./page.mjs";

const listen = (handler) =>
  new Promise((resolve) => {
    const server = createServer(handler);
    server.listen(0, "127.0.0.1", () => resolve(server));
  });

const close = (server) => new Promise((resolve) => { server.closeAllConnections(); server.close(resolve); });

/** Answers every address, and remembers its path. What it serves paints its box. */
async function startThirdParty() {
  const asked = [];
  const server = await listen((request, response) => {
    asked.push(request.url);
    const script = request.url.endsWith(".js");
    response.writeHead(200, { "content-type": script ? "text/javascript" : "text/html", "cache-control": "no-store", "access-control-allow-origin": "*" });
    response.end(script ? `(self.ran ||= []).push(${JSON.stringify(request.url)})` : "<!doctype html><title>Loaded</title><body style='background:#cde'><a href='#'>Inside</a>");
  });
  return { asked, host: `127.0.0.1:${server.address().port}`, stop: () => close(server) };
}

/**
 * Starts Consentry on a site. site(origin, host) gives its file, host being the
 * third party's; page(path, host) the body and headers of a page. broken, when set, is the status
 * that decisions are answered with; blocked, a pattern of addresses that nobody
 * answers; posted and recorded, the bodies of decisions and of their answers.
 */
export async function startInstallation({ site, page }) {
  const dir = mkdtempSync(join(tmpdir(), "consentry-site-"));
  const third = await startThirdParty();
  const it = { third, broken: 0, blocked: null, posted: [], recorded: [] };
  let upstream = "";
  const pages = await listen((request, response) => {
    if (it.blocked?.test(request.url)) return request.socket.destroy();
    if (!request.url.startsWith("/privacy/")) {
      const { headers, body } = page(request.url, third.host);
      return response.writeHead(200, { "content-type": "text/html; charset=utf-8", "cache-control": "no-store", ...headers }).end(body);
    }
    const deciding = request.method === "POST" && request.url === "/privacy/decisions";
    if (deciding) request.on("data", (sent) => it.posted.push(JSON.parse(sent)));
    if (deciding && it.broken) return request.on("end", () => response.writeHead(it.broken).end());
    const [host, port] = upstream.split(":");
    const onward = forward({ host, port, path: request.url, method: request.method, headers: request.headers }, (answer) => {
      response.writeHead(answer.statusCode, answer.rawHeaders);
      answer.pipe(response);
      if (deciding) answer.on("data", (said) => it.recorded.push(JSON.parse(said)));
    });
    onward.on("error", () => response.destroy());
    request.pipe(onward);
  });
  const origin = `http://localhost:${pages.address().port}`;
  const run = (...args) => {
    const { status, stderr } = spawnSync(process.env.CONSENTRY, args, { encoding: "utf8" });
    if (status !== 0) throw new Error(`consentry ${args.join(" ")}: ${stderr}`);
  };
  const shop = join(dir, "shop");
  run("init", shop, "--site", "shop", "--origin", origin);
  writeFileSync(join(shop, "consentry.yaml"), "listen: 127.0.0.1:0\nadmin_listen: 127.0.0.1:0\ntrusted_proxies: [127.0.0.1/32]\nrate_limit: {per_minute: 0}\n");
  writeFileSync(join(shop, "sites", "shop.yaml"), site(origin, third.host));
  const program = spawn(process.env.CONSENTRY, ["serve", "--config", shop], { stdio: ["ignore", "ignore", "pipe"] });
  let said = "";
  program.stderr.on("data", (text) => { said += text; });
  const stop = async () => {
    if (program.exitCode === null) await new Promise((done) => program.once("exit", done).kill("SIGTERM"));
    await close(pages);
    await third.stop();
    rmSync(dir, { recursive: true, force: true });
  };
  try {
    await waitFor(() => {
      if (program.exitCode !== null) throw new Error(said);
      return (upstream = said.match(/msg=serving visitors=(\S+)/)?.[1] ?? "");
    }, "the server");
  } catch (error) {
    await stop();
    throw new Error(`${error.message}\n${said}`);
  }
  /** The newest record, as its receipt shows it. */
  const record = async () => (await (await fetch(`${origin}${it.recorded.at(-1).receipt}?format=json`)).json()).records[0];
  return Object.assign(it, { origin, stop, record });
}
