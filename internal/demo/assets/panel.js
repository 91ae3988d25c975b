// The demo's strip: which tags ran here, which cookies a script can read, and where
// the record of the choice is. It watches from outside, as a visitor could in the
// browser's tools, and asks the gate for nothing.
(() => {
  const panel = document.getElementById("demo-panel");
  const { prefix, vendors } = panel.dataset;
  const slot = (name) => panel.querySelector(`[data-slot="${name}"]`);
  const ran = new Set();

  // make builds an element; texts stay texts.
  const make = (tag, props, ...children) => {
    const el = Object.assign(document.createElement(tag), props);
    el.append(...children);
    return el;
  };

  const markRan = (service) => {
    ran.add(service);
    for (const el of panel.querySelectorAll(`[data-tag="${CSS.escape(service)}"]`)) {
      el.dataset.state = "ran";
      el.querySelector("b").textContent = "ran";
    }
    const all = panel.querySelectorAll(".tags li").length;
    slot("tally").textContent = ran.size ? `${ran.size} ran, ${all - ran.size} held` : `${all} held`;
  };

  // The stand-ins say so themselves: scripts by an event, the film by a message.
  for (const service of window.demoRan ?? []) markRan(service);
  addEventListener("demo-ran", (event) => markRan(event.detail));
  addEventListener("message", (event) => {
    if (event.origin === new URL(vendors).origin && event.data?.demoRan) markRan(event.data.demoRan);
  });

  const countRequests = () => {
    const sent = performance.getEntriesByType("resource").filter((entry) => entry.name.startsWith(vendors));
    slot("requests").textContent = String(sent.length);
  };

  const readCookies = () =>
    document.cookie.split("; ").filter(Boolean).map((pair) => {
      const at = pair.indexOf("=");
      return { name: pair.slice(0, at), value: pair.slice(at + 1) };
    });

  const isHint = (name) => /consentry(-[a-z0-9-]+)?_hint$/.test(name);
  const words = { g: "permitted", d: "not permitted" };

  const showChoice = (hint) => {
    if (!hint) {
      slot("choice").replaceChildren(make("div", {}, make("dt", { textContent: "No choice yet" }), make("dd", { textContent: "so everything optional is held" })));
      slot("until").textContent = "Before a choice there is no cookie at all.";
      return;
    }
    const [, expires, ...parts] = hint.split(".");
    slot("choice").replaceChildren(...parts.map((part) => {
      const [id, status] = part.split("~");
      return make("div", {}, make("dt", { textContent: id }), make("dd", { textContent: words[status] ?? "?" }));
    }));
    const date = new Date(Number(expires) * 1000).toLocaleDateString("en", { day: "numeric", month: "long", year: "numeric" });
    slot("until").textContent = `Asked again after ${date}, or when the question changes.`;
  };

  const showCookies = (cookies) => {
    const lines = cookies.map(({ name, value }) => {
      const what = isHint(name) ? "the choice, in short" : "set by a vendor";
      return make("li", { title: value }, make("code", { textContent: name }), make("small", { textContent: what }));
    });
    slot("cookies").replaceChildren(...(lines.length ? lines : [make("li", { className: "none", textContent: "none" })]));
  };

  const note = (text) => make("p", { className: "note", textContent: text });

  const showRecord = async (hint) => {
    if (!hint) {
      slot("record").replaceChildren(note("Nothing is stored before you decide."));
      return;
    }
    const answer = await fetch(`${prefix}/receipts/mine`, { headers: { accept: "application/json" } }).catch(() => null);
    const mine = answer?.ok ? await answer.json().catch(() => null) : null;
    if (!mine?.receipt) {
      slot("record").replaceChildren(note("The server has no record to show for this browser."));
      return;
    }
    slot("record").replaceChildren(
      make("p", { className: "id", textContent: mine.record }),
      note(new Date(mine.date).toLocaleString("en", { dateStyle: "medium", timeStyle: "short" })),
      make("p", {}, make("a", { href: mine.receipt, id: "demo-receipt", textContent: "Open the stored record" })),
    );
  };

  // The server's answer follows the script's own hint, so look again a little later.
  const followRecord = (hint) => [0, 1000, 3000].forEach((delay) => setTimeout(showRecord, delay, hint));

  // Cookies have no event in every browser: look twice a second while visible.
  let last;
  let lastHint;
  const look = () => {
    countRequests();
    if (document.cookie === last) return;
    last = document.cookie;
    const cookies = readCookies();
    const hint = cookies.find(({ name }) => isHint(name))?.value;
    showCookies(cookies);
    showChoice(hint);
    if (hint !== lastHint) followRecord(hint);
    lastHint = hint;
  };
  look();
  document.addEventListener("consentchange", look);
  setInterval(() => document.visibilityState === "visible" && look(), 500);
})();
