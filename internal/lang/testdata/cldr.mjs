// Writes ../cldr.txt from the CLDR of a Node.js with full ICU:
// node internal/lang/testdata/cldr.mjs > internal/lang/cldr.txt
// Hours run from 0 to 23 everywhere: what is dated here are records.
const languages =
  "ar bg cs da de de-AT el en en-US es et fi fr fr-CA ga he hi hr hu is it ja ko lt lv mt nb nl pl pt pt-BR ro ru sk sl sv tr uk zh-Hans zh-Hant".split(" ");
const units = ["second", "minute", "hour", "day", "week", "month", "year"];

// English without a region is written as in Europe.
const source = { en: "en-GB" };

// What CLDR has only abbreviated (Irish, Maltese), writes in a way that is right
// for some hours alone ("a las 1:05"), means a day and a night by (døgn), or has wrong.
const byHand = {
  cs: { moment: "{d}. {month} {y}, {h}:{min}" },
  el: { moment: "{d} {month} {y}, {hh}:{min}" },
  es: { moment: "{d} de {month} de {y}, {h}:{min}" },
  et: { day: "one {n} päev|other {n} päeva" },
  ga: {
    second: "two {n} shoicind|other {n} soicind",
    minute: "other {n} nóiméad",
    hour: "few {n} huaire an chloig|many {n} n-uaire an chloig|other {n} uair an chloig",
    day: "other {n} lá",
    week: "two {n} sheachtain|few {n} seachtaine|many {n} seachtaine|other {n} seachtain",
    month: "one {n} mhí|two {n} mhí|few {n} mhí|other {n} mí",
    year: "one {n} bhliain|two {n} bhliain|few {n} bliana|many {n} mbliana|other {n} bliain",
  },
  he: {
    second: "=1 שנייה אחת|=2 שתי שניות|other {n} שניות",
    minute: "=1 דקה אחת|=2 שתי דקות|other {n} דקות",
    hour: "=1 שעה אחת|=2 שעתיים|other {n} שעות",
    day: "=1 יום אחד|=2 יומיים|other {n} ימים",
    week: "=1 שבוע אחד|=2 שבועיים|other {n} שבועות",
    month: "=1 חודש אחד|=2 חודשיים|other {n} חודשים",
    year: "=1 שנה אחת|=2 שנתיים|other {n} שנים",
  },
  ja: {
    second: "other {n}秒", minute: "other {n}分", hour: "other {n}時間", day: "other {n}日間",
    week: "other {n}週間", month: "other {n}か月", year: "other {n}年",
  },
  mt: {
    second: "=1 sekonda|=2 żewġ sekondi|few {n} sekondi|many {n}-il sekonda|other {n} sekonda",
    minute: "=1 minuta|=2 żewġ minuti|few {n} minuti|many {n}-il minuta|other {n} minuta",
    hour: "=1 siegħa|=2 sagħtejn|few {n} sigħat|many {n}-il siegħa|other {n} siegħa",
    day: "=1 jum|=2 jumejn|few {n} ijiem|many {n}-il jum|other {n} jum",
    week: "=1 ġimgħa|=2 ġimagħtejn|few {n} ġimgħat|many {n}-il ġimgħa|other {n} ġimgħa",
    month: "=1 xahar|=2 xahrejn|few {n} xhur|many {n}-il xahar|other {n} xahar",
    year: "=1 sena|=2 sentejn|few {n} snin|many {n}-il sena|other {n} sena",
  },
  nb: { day: "one {n} dag|other {n} dager" },
  sl: { year: "one {n} leto|two {n} leti|few {n} leta|other {n} let" },
  sv: { day: "one {n} dag|other {n} dagar" },
  uk: { moment: "{d} {month} {y} р., {hh}:{min}" },
  "zh-Hant": { moment: "{y}年{month}月{d}日 {hh}:{min}" },
};

const hole = { day: "{d}", month: "{month}", year: "{y}", hour: "{h}", minute: "{min}" };

function pattern(tag, options) {
  const format = new Intl.DateTimeFormat(tag, { ...options, numberingSystem: "latn", timeZone: "UTC" });
  const parts = format.formatToParts(new Date("2026-11-02T09:05:00Z"));
  return parts.map(({ type, value }) => (type === "hour" && value === "09" ? "{hh}" : hole[type] ?? value)).join("");
}

function months(tag) {
  const format = new Intl.DateTimeFormat(tag, { dateStyle: "long", timeZone: "UTC" });
  return [...Array(12).keys()].map((m) => format.formatToParts(new Date(Date.UTC(2026, m, 2))).find((p) => p.type === "month").value);
}

// One form for each plural category that whole numbers have, and for the numbers
// that some languages write without a digit.
function forms(tag, unit) {
  const rules = new Intl.PluralRules(tag);
  const write = (n) => new Intl.NumberFormat(tag, { style: "unit", unit, unitDisplay: "long", numberingSystem: "latn", useGrouping: false }).format(n);
  const found = {};
  for (const n of [1, 2]) if (!/\d/.test(write(n))) found["=" + n] = write(n);
  for (let n = 1; n < 200; n++) {
    const category = rules.select(n);
    const form = write(n).replace(String(n), "{n}");
    if (form.includes("{n}")) found[category] ??= form;
  }
  return Object.entries(found).map(([category, form]) => `${category} ${form}`).join("|");
}

for (const tag of languages) {
  const from = source[tag] ?? tag;
  const lines = {
    months: months(from).join("|"),
    moment: pattern(from, { dateStyle: "long", timeStyle: "short", hourCycle: "h23" }),
    ...Object.fromEntries(units.map((unit) => [unit, forms(from, unit)])),
    ...byHand[tag],
  };
  console.log([`[${tag}]`, ...Object.entries(lines).map(([key, value]) => `${key}: ${value}`)].join("\n"));
}
