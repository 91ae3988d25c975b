// The product itself: the built program, run as its demo on a free port.
import { spawn, spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { waitFor } from "./page.mjs";

const root = fileURLToPath(new URL("../..", import.meta.url));

/** Starts a fresh demo and returns its addresses and what tests ask of it. */
export async function startProduct() {
  const dir = mkdtempSync(join(tmpdir(), "consentry-browser-"));
  const process = spawn(build(dir), ["demo", "--dir", join(dir, "demo"), "--listen", "127.0.0.1:0"], { stdio: ["ignore", "pipe", "pipe"] });
  const said = collect(process);
  const address = (name) => said.out.match(new RegExp(`^${name}:\\s+(\\S+)`, "m"))?.[1];
  const stop = async () => {
    if (process.exitCode === null) await new Promise((done) => process.once("exit", done).kill("SIGTERM"));
    rmSync(dir, { recursive: true, force: true });
  };
  try {
    await waitFor(() => ready(process, said) && address("shop") && address("vendors") && address("dashboard"), "the demo's addresses", 20_000);
  } catch (error) {
    await stop();
    throw new Error(`${error.message}\n${said.out}${said.err}`);
  }
  const shop = address("shop").replace(/\/$/, "");
  const settings = settingsAt(shop, join(dir, "demo", "sites", "shop.yaml"));
  return { shop, dashboard: address("dashboard"), ...vendorsAt(address("vendors").replace(/\/$/, "")), ...recordsAt(shop), ...settings, stop };
}

/** The program, built here unless CONSENTRY names it. */
export function build(dir) {
  if (process.env.CONSENTRY) return process.env.CONSENTRY;
  const binary = join(dir, "consentry");
  const { status, stderr } = spawnSync("go", ["build", "-o", binary, "./cmd/consentry"], { cwd: root, encoding: "utf8" });
  if (status !== 0) throw new Error(`go build ./cmd/consentry: ${stderr}`);
  return binary;
}

/** What a process says, as it says it. */
export function collect(process) {
  const said = { out: "", err: "" };
  process.stdout.on("data", (text) => { said.out += text; });
  process.stderr.on("data", (text) => { said.err += text; });
  return said;
}

function ready(process, said) {
  if (process.exitCode !== null) throw new Error(`the demo ended with status ${process.exitCode}\n${said.err}`);
  return true;
}

const settingsAt = (shop, file) => ({
  /** Changes the text of the site file, and waits until the product serves it. */
  configure: async (change) => {
    const gate = async () => (await fetch(`${shop}/privacy/gate.js`)).text();
    const before = await gate();
    writeFileSync(file, change(readFileSync(file, "utf8")));
    await waitFor(async () => (await gate()) !== before, "the changed site", 20_000);
  },
});

const vendorsAt = (vendors) => ({
  /** Paths of all requests that reached a vendor, oldest first. */
  requests: async () => (await (await fetch(`${vendors}/_requests`)).json()).map(({ path }) => path),
  forget: () => fetch(`${vendors}/_requests`, { method: "DELETE" }),
});

const recordsAt = (shop) => {
  const receipt = async (cookies) => {
    const header = { cookie: cookies.map(({ name, value }) => `${name}=${value}`).join("; "), accept: "application/json" };
    const mine = await fetch(`${shop}/privacy/receipts/mine`, { headers: header });
    return mine.ok && (await mine.json()).receipt;
  };
  return {
    /** The path of the receipt link of these cookies; nothing without any. */
    receipt,
    /** The records behind it, newest first; [] without any. */
    records: async (cookies) => {
      const path = await receipt(cookies);
      if (!path) return [];
      const answer = await fetch(new URL(`${path}?format=json`, shop));
      return (await answer.json()).records;
    },
  };
};
