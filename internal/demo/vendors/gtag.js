// Stand-in for www.googletagmanager.com/gtag/js: reads dataLayer as the real one
// does, sets _ga and sends a hit per page view and event to the collector.
(() => {
  const base = new URL(document.currentScript.src).origin;
  const id = new URL(document.currentScript.src).searchParams.get("id");
  const year = 60 * 60 * 24 * 400;
  const visitor = () => document.cookie.match(/(?:^|; )_ga=GA1\.1\.([\d.]+)/)?.[1] ?? `${Math.floor(Math.random() * 2 ** 31)}.${Math.floor(Date.now() / 1000)}`;
  const hit = (event) => fetch(`${base}/www.google-analytics.com/g/collect?v=2&tid=${id}&en=${event}`, { method: "POST", keepalive: true, mode: "no-cors" }).catch(() => {});
  // The layer also holds plain objects, for tag managers; commands are argument lists.
  const handle = (entry) => {
    const [command, name] = entry?.length ? entry : [];
    if (command === "config") {
      document.cookie = `_ga=GA1.1.${visitor()}; path=/; max-age=${year}; SameSite=Lax`;
      hit("page_view");
    }
    if (command === "event") hit(name);
  };
  const layer = (window.dataLayer ||= []);
  layer.forEach(handle);
  layer.push = function (...entries) {
    entries.forEach(handle);
    return Array.prototype.push.apply(this, entries);
  };
  (window.demoRan ||= []).push("ga4");
  dispatchEvent(new CustomEvent("demo-ran", { detail: "ga4" }));
})();
