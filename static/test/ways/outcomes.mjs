// What becomes of each way of loading while nothing is granted, and the README's
// table of it: the worst of several page loads, so that it is a promise.
import { readFileSync, writeFileSync } from "node:fs";

const file = new URL("../../../README.md", import.meta.url);
const marks = ["<!-- ways: written by static/test/table.mjs -->", "<!-- /ways -->"];

/** From the best to the worst. */
const outcomes = ["not requested", "requested once, never run", "requested, may run", "requested", "runs"];
const untried = "–";
const many = 20; // names that a row may list

export const isWorse = (outcome, than) => outcomes.indexOf(outcome) > outcomes.indexOf(than);

/** The outcome of each way, by name; loads are what single page loads requested and ran. */
export function outcomesOf(ways, loads, engine) {
  return Object.fromEntries(ways.map((way) => [way.name, outcomeOf(way, loads, engine)]));
}

// A document that the page's HTML embeds is on its way before a script can take it
// back: whether it comes to run is a race.
function outcomeOf({ name, scanned, frame, without = "" }, loads, engine) {
  if (without.split(" ").includes(engine)) return untried;
  if (scanned && frame && loads.some(({ asked }) => asked.includes(name))) return "requested, may run";
  if (loads.some(({ ran }) => ran.includes(name))) return "runs";
  if (!loads.some(({ asked }) => asked.includes(name))) return "not requested";
  const once = loads.every(({ asked }) => asked.filter((other) => other === name).length < 2);
  return scanned && once ? "requested once, never run" : "requested";
}

/** The rows of a kind: [what, its outcome in each engine]; ways that fare alike stand together. results[engine] is by name. */
export function rows(kind, ways, results) {
  const groups = new Map();
  for (const { name } of ways) {
    const fates = Object.values(results).map((outcomes) => outcomes[name]);
    const same = (key) => key.split("|").every((fate, i) => fate === fates[i] || fates[i] === untried);
    const key = [...groups.keys()].find(same) ?? fates.join("|");
    groups.set(key, [...(groups.get(key) ?? []), name]);
  }
  return [...groups].map(([key, names]) => [`${kind}: ${names.length > many ? `all ${names.length}${groups.size > 1 ? " others" : ""}` : names.join(", ")}`, ...key.split("|")]);
}

const line = (cells) => `| ${cells.join(" | ")} |`;

export function writeTable(engines, list) {
  const table = [line(["Before a grant", ...engines]), line(["---", ...engines.map(() => "---")]), ...list.map(line)].join("\n");
  const [before, rest] = readFileSync(file, "utf8").split(marks[0]);
  writeFileSync(file, `${before}${marks[0]}\n${table}\n${marks[1]}${rest.split(marks[1])[1]}`);
}

/** What the README says of ways of a kind in an engine: by name, with "all" for those without a row of their own. */
export function readTable(kind, engine) {
  const [head, , ...body] = readFileSync(file, "utf8").split(marks[0])[1].split(marks[1])[0].trim().split("\n").map((text) => text.split("|").map((cell) => cell.trim()));
  const column = head.findIndex((name) => name.toLowerCase() === engine);
  const own = body.map((cells) => [...cells[1].split(": "), cells[column]]).filter(([name]) => name === kind);
  return Object.fromEntries(own.flatMap(([, names, outcome]) => names.split(", ").map((name) => [name.replace(/^all .*/, "all"), outcome])));
}
