// An internet of the tests' own: a proxy behind which every host answers from here,
// http and https, and whatever was asked of it is remembered.
import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { createServer } from "node:http";
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

/** answer({ host, path, url, kind }) gives [type, text]; requests lists { host, path, url, referer } of all. */
export async function startInternet(answer) {
  const requests = [];
  const respond = (request, response, host, url) => {
    const path = new URL(url).pathname;
    requests.push({ host, path, url, referer: request.headers.referer ?? request.headers.origin ?? "" });
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
