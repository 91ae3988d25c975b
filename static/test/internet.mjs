// An internet of the tests' own: a proxy behind which every host answers from here,
// http and https, and whatever was asked of it is remembered.
import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { createServer, request as forward } from "node:http";
import { createServer as createSecure } from "node:https";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** A certificate that nobody trusts, by the program that comes with Go. */
function certificate() {
  const dir = mkdtempSync(join(tmpdir(), "consentry-internet-"));
  const root = spawnSync("go", ["env", "GOROOT"], { encoding: "utf8" }).stdout.trim();
  const { status, stderr } = spawnSync("go", ["run", join(root, "src/crypto/tls/generate_cert.go"), "--host", "vendor.example"], { cwd: dir, encoding: "utf8" });
  if (status !== 0) throw new Error(`go run generate_cert.go: ${stderr}`);
  const files = { key: readFileSync(join(dir, "key.pem")), cert: readFileSync(join(dir, "cert.pem")) };
  rmSync(dir, { recursive: true, force: true });
  return files;
}

/** Hands a request on to a server on this machine, as a proxy in front of it would. */
function handOn(address, request, response) {
  const [hostname, port] = address.split(":");
  const headers = { ...request.headers, "x-forwarded-for": "198.51.100.1", "x-forwarded-proto": "https" };
  const onward = forward({ hostname, port, path: request.url, method: request.method, headers }, (answer) => {
    if (request.url.endsWith("/gate.js")) answer.headers["cache-control"] = "no-store"; // today's, also right after a change
    response.writeHead(answer.statusCode, answer.headers);
    answer.pipe(response);
  });
  onward.on("error", () => response.writeHead(502).end());
  request.pipe(onward);
}

/**
 * answer({ host, path, url, kind }) gives [type, text]; requests lists { host, path, url, referer }
 * of all. behind(host) is the address of a server on this machine that answers https in
 * its place, if there is one.
 */
export async function startInternet(answer, behind = () => "") {
  const requests = [];
  const respond = (request, response, host, url) => {
    const path = new URL(url).pathname;
    requests.push({ host, path, url, referer: request.headers.referer ?? request.headers.origin ?? "" });
    if (behind(host)) return handOn(behind(host), request, response);
    const [type, text] = answer({ host, path, url, kind: request.headers["sec-fetch-dest"] });
    response.writeHead(200, { "content-type": type, "cache-control": "no-store", "access-control-allow-origin": "*" }).end(text);
  };
  const secure = createSecure(certificate(), (request, response) => respond(request, response, request.headers.host, `https://${request.headers.host}${request.url}`));
  const proxy = createServer((request, response) => respond(request, response, request.headers.host, new URL(request.url, `http://${request.headers.host}`).href));
  proxy.on("connect", (_, socket, head) => {
    socket.write("HTTP/1.1 200 OK\r\n\r\n");
    socket.unshift(head);
    secure.emit("connection", socket);
    socket.on("error", () => {});
  });
  secure.on("tlsClientError", () => {});
  await new Promise((resolve) => proxy.listen(0, "127.0.0.1", resolve));
  return {
    requests,
    proxy: `127.0.0.1:${proxy.address().port}`,
    stop: () => {
      for (const server of [proxy, secure]) { server.closeAllConnections(); server.close(); }
    },
  };
}
