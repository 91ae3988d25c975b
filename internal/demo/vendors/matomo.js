// Stand-in for matomo.js: takes the commands from _paq, sets _pk_id and _pk_ses and
// sends one tracking request.
(() => {
  const settings = { url: "", site: "0" };
  const random = () => [...crypto.getRandomValues(new Uint8Array(8))].map((b) => b.toString(16).padStart(2, "0")).join("");
  const keep = (name, value, age) => {
    if (!document.cookie.includes(`${name}=`)) document.cookie = `${name}=${value}; path=/; max-age=${age}; SameSite=Lax`;
  };
  let tracked = false;
  const handle = ([command, value]) => {
    if (command === "setTrackerUrl") settings.url = value;
    if (command === "setSiteId") settings.site = value;
    if (command === "trackPageView") tracked = true;
  };
  const queue = (window._paq ||= []);
  queue.forEach(handle);
  queue.push = (...entries) => entries.forEach(handle);
  if (tracked && settings.url) {
    keep(`_pk_id.${settings.site}.demo`, `${random()}.${Math.floor(Date.now() / 1000)}.`, 33955200);
    keep(`_pk_ses.${settings.site}.demo`, "1", 1800);
    fetch(`${settings.url}?idsite=${settings.site}&rec=1`, { method: "POST", keepalive: true, mode: "no-cors" }).catch(() => {});
  }
  (window.demoRan ||= []).push("matomo");
  dispatchEvent(new CustomEvent("demo-ran", { detail: "matomo" }));
})();
