// A site as an owner has it: its pages, and under /privacy the built program with a
// site file of the test's own.
import { spawn, spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer, request as ask } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { runInNewContext } from "node:vm";
import { waitFor } from "./page.mjs";
import { build, collect } from "./product.mjs";

const serverFile = "listen: 127.0.0.1:0\nadmin_listen: 127.0.0.1:0\nrate_limit: {per_minute: 0}\ntrusted_proxies: [127.0.0.1/32]\n";

const siteFile = (origin, settings) => `id: shop
name: Example Shop
origins: ["${origin}"]
controller: {name: Example Shop Ltd, address: "1 High Street, Exampletown", contact: privacy@shop.example}
locales: [en]
counting: {sample: 0}
${settings}`;

/**
 * Starts it. settings are lines of the site file; respond(path, request) answers
 * what is not the program's with [type, text, headers] or nothing.
 */
export async function startShop(settings, respond) {
  const dir = mkdtempSync(join(tmpdir(), "consentry-shop-"));
  let upstream;
  const asked = []; // of the program
  const server = createServer((request, response) => {
    const path = new URL(request.url, "http://x").pathname;
    if (path.startsWith("/privacy/")) asked.push({ path, from: request.headers.referer ?? "" });
    if (path.startsWith("/privacy/")) return forward(request, response, upstream);
    const [type, text, headers = {}] = respond(path, request) || ["", ""];
    response.writeHead(type ? 200 : 404, { "content-type": type || "text/plain", "cache-control": "no-store", ...headers }).end(text);
  });
  await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
  const origin = `http://localhost:${server.address().port}`;
  const program = serve(dir, origin, settings);
  const stop = async () => {
    server.closeAllConnections();
    server.close();
    await program.stop();
    rmSync(dir, { recursive: true, force: true });
  };
  upstream = await program.address.catch(async (error) => (await stop(), Promise.reject(error)));
  return { origin, stop, asked, run: program.run, rules: async () => rulesIn(await (await fetch(`${origin}/privacy/gate.js`)).text()) };
}

function serve(dir, origin, settings) {
  const binary = build(dir);
  const files = join(dir, "shop");
  spawnSync(binary, ["init", files, "--site", "shop", "--origin", origin]);
  writeFileSync(join(files, "consentry.yaml"), serverFile);
  writeFileSync(join(files, "sites", "shop.yaml"), siteFile(origin, settings));
  const child = spawn(binary, ["serve", "--config", files], { stdio: ["ignore", "pipe", "pipe"] });
  const said = collect(child);
  const address = () => (said.out + said.err).match(/visitors=(\S+)/)?.[1];
  return {
    address: waitFor(() => address() || child.exitCode !== null, "the program to serve", 20_000).then(() => address() ?? Promise.reject(new Error(said.out + said.err))),
    /** Runs the program itself on these files, and returns what it prints. */
    run: (...args) => spawnSync(binary, ["--config", files, ...args], { encoding: "utf8" }).stdout,
    stop: () => child.exitCode ?? new Promise((done) => child.once("exit", done).kill("SIGTERM")),
  };
}

function forward(request, response, upstream) {
  const [host, port] = upstream.split(":");
  const { method, url: path, headers } = request;
  const onward = ask({ host, port, method, path, headers: { ...headers, "x-forwarded-for": "127.0.0.1", "x-forwarded-proto": "http" } }, (answer) => {
    response.writeHead(answer.statusCode, answer.headers);
    answer.pipe(response);
  });
  onward.on("error", () => response.destroy());
  request.pipe(onward);
}

/** What the gate holds, by service: [hosts, inline pattern, names of what is left]. */
function rulesIn(gate) {
  const [, literal] = gate.match(/[{,]rules:(\{(?:"(?:[^"\\]|\\.)*"|[^"}])*\})/) ?? [];
  if (literal) return JSON.parse(JSON.stringify(runInNewContext(`(${literal})`)));
  throw new Error("the gate has no rules");
}
