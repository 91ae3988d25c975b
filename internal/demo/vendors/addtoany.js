// Stand-in for static.addtoany.com/menu/page.js: fills each kit with its buttons.
(() => {
  const icons = {
    dd: "M12 5v14M5 12h14",
    mastodon: "M6 17V10c0-4 6-4 6 0v4m0-4c0-4 6-4 6 0v7",
    bluesky: "M12 12C10 8 7 5.5 5 5c0 5 1 7 4 8-3 1-2 5 0 5s3-3 3-4c0 1 1 4 3 4s3-4 0-5c3-1 4-3 4-8-2 .5-5 3-7 7z",
    pinterest: "M10 20l2.5-10M9 13c-2-4 0-7.5 3.5-7.5S17 9 15.5 12.5 11.5 15 11 13",
  };
  const button = (link) => {
    const name = link.className.replace(/^a2a_(button_)?/, "").split(" ")[0];
    link.href ||= `https://www.addtoany.com/add_to/${name}`;
    link.title = name === "dd" ? "Share" : `Share on ${name[0].toUpperCase()}${name.slice(1)}`;
    link.setAttribute("aria-label", link.title);
    link.style.cssText = "display:grid;place-items:center;width:36px;height:36px;border:1px solid currentColor;border-radius:50%;text-decoration:none";
    link.innerHTML = `<svg viewBox="0 0 24 24" width="19" height="19" fill="none" stroke="currentColor" stroke-width="1.5" stroke-linecap="round" stroke-linejoin="round" aria-hidden="true"><path d="${icons[name] ?? icons.dd}"/></svg>`;
  };
  for (const kit of document.querySelectorAll(".a2a_kit")) {
    kit.style.cssText = "display:flex;gap:8px";
    kit.querySelectorAll("a").forEach(button);
  }
  (window.demoRan ||= []).push("addtoany");
  dispatchEvent(new CustomEvent("demo-ran", { detail: "addtoany" }));
})();
