// The Tag Manager template as the program prints it: a valid template, and its
// code run with the sandbox's functions recorded. Tag Manager itself is not here.
import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { startOwnSite } from "./site.mjs";

const site = (origin) => `
id: shop
name: Shop
origins: ["${origin}"]
controller: {name: Shop Ltd, address: "1 Road", contact: a@shop.example}
consent_mode: {wait: 700}
categories:
  - {id: analytics, services: [ga4]}
  - {id: marketing, services: [google-ads]}
`;

const sections = ["TERMS_OF_SERVICE", "INFO", "TEMPLATE_PARAMETERS", "SANDBOXED_JS_FOR_WEB_TEMPLATE", "WEB_PERMISSIONS", "TESTS", "NOTES"];

/** The sections of a template by name, in the order in which they stand. */
function parse(text) {
  const parts = text.split(/^___([A-Z_]+)___$/m).slice(1);
  return Object.fromEntries(parts.flatMap((name, i) => (i % 2 ? [] : [[name, parts[i + 1].trim()]])));
}

/** Runs the template's code on a page whose gate permits what permitted says; null is no gate yet. */
function fire(code, permitted) {
  const calls = [];
  const page = { permitted, listeners: [], queued: [] };
  const sandbox = {
    callInWindow: (path, ...args) => {
      if (!page.permitted) return undefined;
      if (path === "consentry.permits") return args[0] === "necessary" || page.permitted.includes(args[0]);
      assert.equal(path, "consentry.on");
      page.listeners.push(args[1]);
    },
    createQueue: (path) => { assert.equal(path, "consentry"); return (call) => page.queued.push(call); },
    gtagSet: (values) => calls.push(["set", values]),
    setDefaultConsentState: (state) => calls.push(["default", state]),
    updateConsentState: (state) => calls.push(["update", state]),
  };
  const used = [];
  const require = (name) => { used.push(name); assert.ok(sandbox[name], name); return sandbox[name]; };
  new Function("require", "data", code)(require, { gtmOnSuccess: () => calls.push(["success"]) });
  return { calls, page, used };
}

const granted = (...keys) => Object.fromEntries(["ad_storage", "ad_user_data", "ad_personalization", "analytics_storage"].map((key) => [key, keys.includes(key) ? "granted" : "denied"]));
const rest = { functionality_storage: "denied", personalization_storage: "denied", security_storage: "granted", wait_for_update: 700 };

describe("the Tag Manager template", () => {
  const use = {};
  before(async () => {
    use.site = await startOwnSite({ site, page: () => null });
    use.template = parse(use.site.run("snippet", "shop", "--for", "gtm"));
    use.code = use.template.SANDBOXED_JS_FOR_WEB_TEMPLATE;
  });
  after(() => use.site?.stop());

  it("has the sections of a template, and permissions for what its code uses", () => {
    assert.deepEqual(Object.keys(use.template), sections);
    const info = JSON.parse(use.template.INFO);
    assert.deepEqual([info.type, info.containerContexts], ["TAG", ["WEB"]]);
    assert.equal(JSON.parse(use.template.TEMPLATE_PARAMETERS)[0].type, "LABEL");
    const permissions = Object.fromEntries(JSON.parse(use.template.WEB_PERMISSIONS).map(({ instance }) => [instance.key.publicId, instance.param[0].value.listItem]));
    const rows = (list) => Object.fromEntries(list.map(({ mapKey, mapValue }) => [mapValue[0].string, mapKey.slice(1).filter((_, i) => mapValue[i + 1].boolean).map(({ string }) => string)]));
    assert.deepEqual(rows(permissions.access_globals), { consentry: ["read", "write"], "consentry.permits": ["execute"], "consentry.on": ["execute"] });
    assert.deepEqual(Object.values(rows(permissions.access_consent)), Array(7).fill(["write"]));
    assert.deepEqual(permissions.write_data_layer.map(({ string }) => string), ["ads_data_redaction"]);
    assert.deepEqual(fire(use.code, null).used, ["callInWindow", "createQueue", "gtagSet", "setDefaultConsentState", "updateConsentState"]);
  });

  it("uses nothing that sandboxed JavaScript lacks", () => {
    assert.doesNotMatch(use.code, /\b(window|document|new|this|class|async|await|function\s*\*|import|eval)\b|\/[^/*\s].*\/[gimsuy]*\./);
  });

  it("denies everything by default, and follows the gate", () => {
    const { calls, page } = fire(use.code, []);
    assert.deepEqual(calls, [["set", { ads_data_redaction: true }], ["default", { ...granted(), ...rest }], ["success"]]);
    page.permitted = ["analytics"];
    page.listeners.forEach((listener) => listener({}));
    page.permitted = [];
    page.listeners.forEach((listener) => listener({}));
    assert.deepEqual(calls.slice(3), [["update", granted("analytics_storage")], ["update", granted()]]);
  });

  it("carries a remembered choice in the default", () => {
    assert.deepEqual(fire(use.code, ["marketing"]).calls[1], ["default", { ...granted("ad_storage", "ad_user_data", "ad_personalization"), ...rest }]);
  });

  it("denies while there is no gate, and waits for it", () => {
    const { calls, page } = fire(use.code, null);
    assert.deepEqual(calls[1], ["default", { ...granted(), ...rest }]);
    assert.equal(calls.length, 3);
    page.permitted = ["analytics", "marketing"];
    page.queued.forEach((call) => call({}));
    assert.deepEqual(calls.slice(3), [["update", granted("ad_storage", "ad_user_data", "ad_personalization", "analytics_storage")]]);
    assert.equal(page.listeners.length, 1);
  });
});
