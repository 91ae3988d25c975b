// A site of the test's own behind the built program: pages on a free port, the
// program under the path /privacy of the same origin, as a proxy would have it.
import { spawn, spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createServer, request as forward } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { waitFor } from "./page.mjs";

const root = fileURLToPath(new URL("../..", import.meta.url));

/**
 * site(origin) gives the site file; page(path) what a page answers: { type, body,
 * headers }, or nothing for 404. more are further sites, by id; server changes the
 * server's file, env the program's environment. Returns the origin, the visitors' and
 * the operators' address, the set-up link, what was posted, what was asked of the program, rewrite, which changes a site file, run,
 * which runs the program itself, and stop. What visitor holds are headers that the
 * proxy adds to requests of the program: x-country and x-region say where the visitor is.
 */
export async function startOwnSite({ site, page, more = {}, server: change = (text) => text, env = {} }) {
  const dir = mkdtempSync(join(tmpdir(), "consentry-site-"));
  const it = { posts: [], asked: [], visitor: {} };
  let upstream;
  const server = createServer((request, response) => {
    if (request.url.startsWith("/privacy/")) return proxy(upstream, request, response, it);
    const answer = page(request.url.split("?")[0]);
    if (!answer) return response.writeHead(404).end();
    const { type = "text/html", body, headers = {} } = answer;
    response.writeHead(200, { "content-type": type, "cache-control": "no-store", ...headers }).end(body);
  });
  await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
  it.origin = `http://localhost:${server.address().port}`;
  const program = await startProgram(dir, { shop: site, ...more }, it.origin, change, env);
  upstream = new URL(`http://${program.visitors}`);
  it.operators = program.operators;
  it.visitors = program.visitors;
  it.link = program.link;
  it.run = (...args) => run(program.binary, ["--config", program.home, ...args]);
  it.rewrite = (change, id = "shop") => writeFileSync(program.file(id), change(readFileSync(program.file(id), "utf8")));
  it.stop = async () => {
    await new Promise((resolve) => { server.closeAllConnections(); server.close(resolve); });
    await program.stop();
    rmSync(dir, { recursive: true, force: true });
  };
  return it;
}

function proxy(upstream, request, response, { posts, asked, visitor }) {
  asked.push(request.url);
  const { hostname, port } = upstream;
  const post = { path: request.url, body: "" };
  if (request.method === "POST") {
    posts.push(post);
    request.on("data", (chunk) => { post.body += chunk; });
  }
  const headers = { ...request.headers, "x-forwarded-for": "198.51.100.1", ...visitor };
  const onward = forward({ hostname, port, path: request.url, method: request.method, headers }, (answer) => {
    if (request.url.endsWith("/gate.js")) answer.headers["cache-control"] = "no-store"; // today's, also right after a change
    post.status = answer.statusCode;
    response.writeHead(answer.statusCode, answer.headers);
    answer.pipe(response);
  });
  onward.on("error", () => response.writeHead(502).end());
  request.pipe(onward);
}

async function startProgram(dir, sites, origin, change, env) {
  const binary = build(dir);
  const home = join(dir, "home");
  run(binary, ["init", home, "--site", "shop", "--origin", origin]);
  const file = (id) => join(home, "sites", `${id}.yaml`);
  const server = join(home, "consentry.yaml");
  for (const [id, site] of Object.entries(sites)) writeFileSync(file(id), site(origin));
  writeFileSync(server, change(readFileSync(server, "utf8").replace("trusted_proxies: []", "trusted_proxies: [127.0.0.1/32]")
    .replace('country_header: ""', "country_header: X-Country").replace('region_header: ""', "region_header: X-Region")));
  const program = spawn(binary, ["--config", home, "serve", "--listen", "127.0.0.1:0", "--admin-listen", "127.0.0.1:0"], { stdio: ["ignore", "ignore", "pipe"], env: { ...process.env, ...env } });
  let said = "";
  program.stderr.on("data", (text) => { said += text; });
  const find = (name) => said.match(new RegExp(`\\b${name}=(\\S+)`))?.[1];
  const link = () => said.match(/^ +(http\S+\/setup\/\S+)$/m)?.[1];
  const stop = () => program.exitCode === null && new Promise((done) => program.once("exit", done).kill("SIGTERM"));
  try {
    await waitFor(() => { if (program.exitCode !== null) throw new Error("it ended"); return find("operators") && link(); }, "the program", 20_000);
  } catch (error) {
    await stop();
    throw new Error(`${error.message}\n${said}`);
  }
  return { binary, home, file, visitors: find("visitors"), operators: find("operators"), link: link(), stop };
}

function run(binary, args) {
  const { status, stdout, stderr } = spawnSync(binary, args, { encoding: "utf8" });
  if (status !== 0) throw new Error(`consentry ${args.join(" ")}: ${stderr}`);
  return stdout;
}

function build(dir) {
  if (process.env.CONSENTRY) return process.env.CONSENTRY;
  const binary = join(dir, "consentry");
  const { status, stderr } = spawnSync("go", ["build", "-o", binary, "./cmd/consentry"], { cwd: root, encoding: "utf8" });
  if (status !== 0) throw new Error(`go build ./cmd/consentry: ${stderr}`);
  return binary;
}
