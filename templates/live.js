"use strict";
(() => {
  const panel = document.querySelector("[data-live]");
  if (!panel || !("EventSource" in window)) return;
  const state = panel.querySelector("[data-state]");
  const button = panel.querySelector("button");
  const number = new Intl.NumberFormat("en");
  let source;

  function write(live) {
    for (const place of panel.querySelectorAll("[data-figure]")) {
      const [part, name] = place.dataset.figure.split(".");
      const value = name ? live[part][name] : live[part];
      const text = typeof value === "number" ? number.format(value) : value;
      if (place.textContent !== text) place.textContent = text;
    }
  }

  function say(text, label) {
    state.textContent = text;
    button.textContent = label;
    button.hidden = !label;
  }

  function stop(text, label) {
    source.close();
    source = undefined;
    say(text, label);
  }

  function start() {
    source = new EventSource(panel.dataset.live);
    source.onopen = () => say("Updates by itself.", "Pause");
    source.onmessage = event => write(JSON.parse(event.data));
    source.addEventListener("end", () => stop("Signed out: load the page anew to go on.", ""));
    source.onerror = () => {
      if (source.readyState === EventSource.CLOSED) stop("Does not update by itself now.", "Try again");
      else say("The connection was lost; trying again.", "Pause");
    };
  }

  button.addEventListener("click", () => source ? stop("Paused.", "Go on") : start());
  // A page that is left or goes into the back/forward cache lets go of its connection.
  addEventListener("pagehide", () => source && stop("Paused.", "Go on"));
  start();
})();
