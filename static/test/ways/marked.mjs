// Tags that a page's author has marked: never requested before a grant, by any
// engine. URL stands for the address of that way at the third party.
import { html } from "./way.mjs";

const script = (attributes) => `<script type="text/plain" ${attributes}></script>`;

export const marked = [
  html("marked script", script('data-consent="analytics" data-src="URL"'), { script: 1 }),
  html("marked script of a service", script('data-consent="analytics:evil" data-src="URL"'), { script: 2 }),
  html("marked inline script", `<script type="text/plain" data-consent="evil">evilBootstrap("URL")</script>`, { script: 3 }),
  html("marked script after it", script('data-consent="evil" data-src="URL"'), { script: 4 }),
  html("marked async script", script('async data-consent="evil" data-src="URL"'), { script: true }),
  html("marked deferred script", script('defer data-consent="evil" data-src="URL"'), { script: true }),
  html("marked module", script('data-type="module" data-consent="analytics:evil" data-src="URL"'), { script: true }),
  html("joined conditions", script('data-consent="analytics & !share | marketing" data-src="URL"'), { script: 5 }),
  html("either condition", script('data-consent="marketing | share | evil" data-src="URL"'), { script: 6 }),
  html("marked frame", '<iframe data-consent="analytics" data-src="URL"></iframe>', { frame: true }),
  html("marked lazy frame", '<iframe loading="lazy" data-consent="analytics" data-src="URL" style="position:fixed;top:0"></iframe>', { frame: true }),
  html("marked srcdoc frame", "<iframe data-consent=\"analytics\" data-srcdoc=\"<script src='URL'></script>\"></iframe>", { script: true }),
  html("marked image", '<img data-consent="analytics" data-src="URL" alt="">'),
  html("marked srcset", '<img data-consent="analytics" data-srcset="URL 1x" alt="">'),
  html("marked picture source", '<picture><source data-consent="analytics" data-srcset="URL 1x"><img alt=""></picture>', { image: true }),
  html("marked image button", '<input type="image" data-consent="analytics" data-src="URL" alt="">'),
  html("marked stylesheet", '<link rel="stylesheet" data-consent="analytics" data-href="URL">'),
  html("marked preload", '<link rel="preload" as="script" data-consent="analytics" data-href="URL">'),
  html("marked prefetch", '<link rel="prefetch" data-consent="analytics" data-href="URL">', { idle: true, without: "webkit" }),
  html("marked preconnect", '<link rel="preconnect" data-consent="analytics" data-href="URL">', { connects: true, without: "chromium" }),
  html("marked video", '<video preload="auto" data-consent="analytics" data-src="URL"></video>', { media: true }),
  html("marked poster", '<video preload="none" data-consent="analytics" data-poster="URL"></video>'),
  html("marked audio", '<audio preload="auto" data-consent="analytics" data-src="URL"></audio>', { media: true }),
  html("marked source", '<video preload="auto"><source data-consent="analytics" data-src="URL"></video>', { media: true }),
  html("marked embed", '<embed data-consent="analytics" data-src="URL">', { frame: true }),
  html("marked object", '<object data-consent="analytics" data-data="URL"></object>', { frame: true }),
  html("script in a template", `<template data-consent="analytics"><p>inside</p>${script('data-consent="analytics" data-src="URL"')}</template>`, { script: 7 }),
  html("inline script in a template", `<template data-consent="analytics"><script>evilBootstrap("URL")</script></template>`, { script: 8 }),
  html("frame in a template", '<template data-consent="analytics"><iframe src="URL"></iframe></template>', { frame: true }),
];

/** Conditions that a page of denied, or of granted, categories must not open. */
export const closed = [
  html("both conditions", script('data-consent="analytics & share" data-src="URL"')),
  html("a category that nobody has", script('data-consent="marketing" data-src="URL"')),
  html("a service under another category", script('data-consent="share:evil" data-src="URL"')),
  html("a condition that is empty", script('data-consent="" data-src="URL"')),
];
