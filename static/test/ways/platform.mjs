// What a page can see of the platform's own functions and elements.

/** Runs in a page: one line for everything that a script might look at. */
export function platform() {
  const lines = [];
  const say = (name, look) => {
    let value;
    try { value = look(); } catch (error) { value = error.name; }
    lines.push(`${name}: ${typeof value === "function" ? Function.prototype.toString.call(value).replace(/\s+/g, " ") : String(value)}`);
  };
  const functions = {
    fetch, Worker, SharedWorker, WebSocket, EventSource, Audio, appendChild: Node.prototype.appendChild, insertBefore: Node.prototype.insertBefore,
    append: Element.prototype.append, setAttribute: Element.prototype.setAttribute, insertAdjacentHTML: Element.prototype.insertAdjacentHTML, write: Document.prototype.write,
    open: XMLHttpRequest.prototype.open, sendBeacon: Navigator.prototype.sendBeacon, setItem: Storage.prototype.setItem, submit: HTMLFormElement.prototype.submit,
    createObjectURL: URL.createObjectURL, createContextualFragment: Range.prototype.createContextualFragment,
  };
  for (const [name, f] of Object.entries(functions)) {
    say(`${name} text`, () => f.toString().includes("[native code]")); // a proxy's has no name
    say(`${name} name and length`, () => `${f.name} ${f.length} ${typeof f}`);
    say(`${name} own keys`, () => Object.getOwnPropertyNames(f).sort().join());
  }
  // Worker.prototype.constructor is the native one: a known difference.
  for (const C of [Worker, WebSocket, EventSource, XMLHttpRequest, Image, HTMLScriptElement]) say(`${C.name} by name`, () => C.prototype.constructor.name);
  for (const [tag, property] of [["script", "src"], ["iframe", "src"], ["iframe", "srcdoc"], ["img", "src"], ["img", "srcset"], ["link", "href"], ["object", "data"], ["video", "src"]]) {
    const el = document.createElement(tag);
    const owner = Object.getPrototypeOf(el);
    const { get, set, enumerable, configurable } = Object.getOwnPropertyDescriptor(owner, property) ?? Object.getOwnPropertyDescriptor(Object.getPrototypeOf(owner), property);
    say(`${tag}.${property}`, () => [get.name, set.name, get.length, set.length, enumerable, configurable].join());
    say(`${tag}.${property} on another object`, () => get.call({}));
    el[property] = "/own";
    say(`${tag}.${property} read`, () => `${el[property].replace(location.origin, "")} ${el.getAttribute(property)} ${el.outerHTML}`);
  }
  say("instances", () => [new Image() instanceof HTMLImageElement, new Audio() instanceof HTMLAudioElement, new Audio().constructor === HTMLAudioElement, document.createElement("script") instanceof HTMLScriptElement].join());
  say("derived", () => { class Own extends XMLHttpRequest {} return new Own() instanceof Own; });
  say("derived socket", () => { class Own extends WebSocket {} return Own.prototype instanceof WebSocket; });
  say("no new", () => WebSocket("ws://localhost"));
  say("no argument", () => document.body.appendChild());
  say("a wrong argument", () => document.body.insertBefore({}, null));
  say("a wrong this", () => Node.prototype.appendChild.call({}, document.body));
  say("keys of an element", () => Object.keys(document.createElement("script")).join());
  say("keys of window", () => Object.keys(window).filter((name) => !/consentry|dataLayer/.test(name)).length > 100);
  say("markup", () => { const d = document.createElement("div"); d.innerHTML = "<p a=1 B='2'>x<br/><img src=/own alt=y><script src=/s.js><\/script></p>"; return d.outerHTML; });
  say("markup beside", () => { const d = document.createElement("div"); d.insertAdjacentHTML("beforeend", "<!-- c --><b>1</b>"); return d.innerHTML; });
  say("an attribute taken away", () => {
    const el = document.createElement("img");
    Object.assign(el.dataset, { src: "/lazy", title: "kept" });
    for (const name of ["src", "title"]) el.removeAttribute(name);
    return el.outerHTML;
  });
  say("append answers", () => `${document.createElement("p").append("x", document.createElement("i"))} ${document.createElement("p").appendChild(document.createElement("i")).localName}`);
  return lines;
}
