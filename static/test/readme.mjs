// Blocks of the README that commands write.
import { readFileSync, writeFileSync } from "node:fs";

const file = new URL("../../README.md", import.meta.url);

/** Puts text into the block of that name, which begins and ends with a comment. */
export function writeBlock(name, text) {
  const readme = readFileSync(file, "utf8");
  const block = new RegExp(`(<!-- ${name}\\b[^\n]*-->\n)[^]*?(<!-- /${name} -->)`);
  if (!block.test(readme)) throw new Error(`the README has no block ${name}`);
  writeFileSync(file, readme.replace(block, (_, begin, end) => `${begin}${text}\n${end}`));
}
