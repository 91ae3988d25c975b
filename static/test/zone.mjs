// Time zones of a test's own: midnight and the change of the clock come when the
// test wants, while the server's clock is the machine's.
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";

/**
 * Writes Test/NAME into a folder that the program is given as ZONEINFO. Its clock
 * is offset seconds ahead of UTC, and further seconds more from the second at on.
 * https://www.rfc-editor.org/rfc/rfc9636#section-3
 */
export function writeZone(folder, name, { offset, at, further }) {
  const head = Buffer.alloc(44);
  head.write("TZif");
  const [transitions, types, letters] = [1, 2, 4];
  [transitions, types, letters].forEach((n, i) => head.writeUInt32BE(n, 32 + 4 * i));
  const when = Buffer.alloc(5);
  when.writeInt32BE(at);
  when[4] = 1;
  const clock = (seconds) => { const b = Buffer.alloc(6); b.writeInt32BE(seconds); return b; };
  mkdirSync(join(folder, "Test"), { recursive: true });
  writeFileSync(join(folder, "Test", name), Buffer.concat([head, when, clock(offset), clock(offset + further), Buffer.from("TST\0")]));
}
