// What vendors' queues hold, as text: one line for each call, in order.

/**
 * Runs in the page. Each vendor's snippet keeps calls in a queue of its own until
 * its code is there, which in these tests never comes.
 */
export function readQueues() {
  const list = (calls) => Array.from(calls || [], (call) => (call && typeof call == "object" && "length" in call ? Array.from(call) : call));
  return JSON.stringify({
    dataLayer: list(window.dataLayer),
    uetq: list(window.uetq),
    clarity: list(window.clarity?.q),
    _paq: list(window._paq),
    fbq: list(window.fbq?.queue),
    ttq: list(window.ttq),
    pintrk: list(window.pintrk?.queue),
    rdt: list(window.rdt?.callQueue),
    snaptr: list(window.snaptr?.queue),
    amznConsent: list(window.amznConsent?.calls),
  });
}

/** UET takes a call's arguments one after the other. */
function calls(name, items) {
  if (name !== "uetq") return items;
  const out = [];
  for (let i = 0; i < items.length; i += 3) out.push(items.slice(i, i + 3));
  return out;
}

const words = (call) => (Array.isArray(call) ? call.map((arg) => JSON.stringify(arg)).join(", ") : JSON.stringify(call)).replace(/"\d{4}-\d\d-\d\dT[^"]*"/, "NOW");

/** The text of what readQueues returned. */
export const write = (queues) =>
  Object.entries(JSON.parse(queues))
    .flatMap(([name, items]) => calls(name, items).map((call) => `${name}: ${words(call)}`))
    .join("\n");
