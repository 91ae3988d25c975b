// The tools that are compared, each in the smallest setup that its own manual shows:
// the same two categories, the same sentences, one held tag, "accept all", "reject
// all" and a way to single choices on the first layer. Nobody lists cookies, so that
// nobody's second layer holds more than the others'; this product adds its
// catalogue's, which it cannot leave out. Everything comes from one server, brotli
// at its best quality, the peers' files for ever in the cache.
import { readFileSync } from "node:fs";

const say = {
  title: "Your choice about cookies",
  text: "Example Shop needs a few cookies to work. With your permission we also measure how the site is used and load share buttons from social networks. You can change your mind at any time.",
  accept: "Accept all", reject: "Reject all", choose: "Choose", save: "Save",
};
const categories = [
  { id: "analytics", title: "Statistics", description: "Counts visits and shows which pages are read." },
  { id: "share", title: "Sharing", description: "Shows share buttons and embedded media." },
];
const file = (name) => readFileSync(new URL(`node_modules/${name}`, import.meta.url));
const version = (name) => JSON.parse(file(`${name}/package.json`)).version;
const js = (name, value) => `${name} = ${JSON.stringify(value)};`;

/** Lines of this product's site file. */
export const settings = `gate: marked
layout: card
categories:
  - {id: analytics, services: [ga4]}
  - {id: share, services: [youtube]}
`;

// README: the gate first in the head; a held tag has another type and data-consent.
const consentry = {
  name: "Consentry", files: {},
  head: '<script src="/privacy/gate.js"></script>',
  tag: '<script type="text/plain" data-consent="analytics" data-src="/tag.js"></script>',
  accept: 'document.body?.firstElementChild?.shadowRoot?.querySelector("[data-do=accept-all]")',
};

// README, "Getting started": window.orejimeConfig, the script of one theme and language, its style sheet.
const orejime = () => ({
  name: `Orejime ${version("orejime")}`,
  files: { "orejime.js": file("orejime/dist/orejime-standard-en.js"), "orejime.css": file("orejime/dist/orejime-standard.css") },
  head: `<script>window.${js("orejimeConfig", {
    privacyPolicyUrl: "/policy",
    purposes: categories.map((c) => ({ ...c, cookies: [] })),
    translations: { banner: { title: say.title, description: say.text, accept: say.accept, decline: say.reject, configure: say.choose } },
  })}</script><script src="/peers/orejime.js"></script><link rel="stylesheet" href="/peers/orejime.css">`,
  tag: '<template data-purpose="analytics"><script src="/tag.js"></script></template>',
  accept: 'document.querySelector(".orejime-Banner-saveButton")',
});

// https://cookieconsent.orestbida.com/essential/getting-started.html, "HTML": the style sheet in
// the head, one module that imports the script and runs it, at the end of the body.
const cookieconsent = () => ({
  name: `vanilla-cookieconsent ${version("vanilla-cookieconsent")}`,
  files: {
    "cookieconsent.css": file("vanilla-cookieconsent/dist/cookieconsent.css"),
    "cookieconsent.umd.js": file("vanilla-cookieconsent/dist/cookieconsent.umd.js"),
    "cookieconsent-config.js": `import '/peers/cookieconsent.umd.js';\nCookieConsent.run(${JSON.stringify({
      hideFromBots: false, // as it does by default from a browser under automation, such as the one that measures
      categories: { necessary: { enabled: true, readOnly: true }, analytics: {}, share: {} },
      language: { default: "en", translations: { en: {
        consentModal: { title: say.title, description: say.text, acceptAllBtn: say.accept, acceptNecessaryBtn: say.reject, showPreferencesBtn: say.choose },
        preferencesModal: {
          title: say.title, acceptAllBtn: say.accept, acceptNecessaryBtn: say.reject, savePreferencesBtn: say.save, closeIconLabel: "Close",
          sections: categories.map(({ id, title, description }) => ({ title, description, linkedCategory: id })),
        },
      } } },
    })});`,
  },
  head: '<link rel="stylesheet" href="/peers/cookieconsent.css">',
  foot: '<script type="module" src="/peers/cookieconsent-config.js"></script>',
  tag: '<script type="text/plain" data-category="analytics" data-src="/tag.js"></script>',
  accept: 'document.querySelector("#cc-main .cm [data-role=all]")',
});

// README, "Getting started": the configuration, then the script, both deferred.
const klaro = () => ({
  name: `Klaro ${version("klaro")}`,
  files: {
    "klaro.js": file("klaro/dist/klaro.js"),
    "klaro-config.js": `var ${js("klaroConfig", {
      version: 1, acceptAll: true, showNoticeTitle: true,
      translations: {
        zz: { privacyPolicyUrl: "/policy" },
        en: {
          ok: say.accept, acceptAll: say.accept, decline: say.reject, save: say.save,
          consentNotice: { title: say.title, description: say.text, learnMore: say.choose },
          purposes: Object.fromEntries(categories.map(({ id, title, description }) => [id, { title, description }])),
        },
      },
      services: categories.map(({ id, title }) => ({ name: id, title, purposes: [id] })),
    })}`,
  },
  head: '<script defer src="/peers/klaro-config.js"></script><script defer src="/peers/klaro.js"></script>',
  tag: '<script type="text/plain" data-type="text/javascript" data-name="analytics" data-src="/tag.js"></script>',
  accept: 'document.querySelector(".klaro .cookie-notice .cm-btn-success")',
});

/** The tools by the path of their page. The first two are this product, the second with what its snippet prints for an early banner. */
export const tools = (early) => ({ consentry, early: { ...consentry, name: "Consentry, early snippet", head: early }, orejime: orejime(), cookieconsent: cookieconsent(), klaro: klaro() });
