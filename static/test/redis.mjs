// A redis-server of a test's own that keeps every write, on a free port.
import { spawn, spawnSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { waitFor } from "./page.mjs";

/** Says what is missing, or "" when it can run. */
export const missing = () => (spawnSync("redis-server", ["--version"]).error ? "redis-server is not installed" : "");

export async function startRedis() {
  const dir = mkdtempSync(join(tmpdir(), "consentry-redis-"));
  const port = await freePort();
  const server = spawn("redis-server", ["--port", port, "--bind", "127.0.0.1", "--dir", dir, "--save", "", "--appendonly", "yes", "--appendfsync", "always", "--maxmemory-policy", "noeviction"], { stdio: ["ignore", "pipe", "pipe"] });
  let said = "";
  server.stdout.on("data", (text) => { said += text; });
  const stop = async () => {
    if (server.exitCode === null) await new Promise((done) => server.once("exit", done).kill("SIGTERM"));
    rmSync(dir, { recursive: true, force: true });
  };
  try {
    await waitFor(() => { if (server.exitCode !== null) throw new Error("it ended"); return /Ready to accept connections/.test(said); }, "redis-server");
  } catch (error) {
    await stop();
    throw new Error(`${error.message}\n${said}`);
  }
  return { url: `redis://127.0.0.1:${port}/0`, stop };
}

function freePort() {
  return new Promise((resolve) => {
    const probe = createServer();
    probe.listen(0, "127.0.0.1", () => {
      const { port } = probe.address();
      probe.close(() => resolve(String(port)));
    });
  });
}
