package siteconfig

// full uses every field of a site file.
const full = `
id: shop
name: Example Shop
origins: [https://www.shop.example, https://shop.example, "http://localhost:8080"]
mode: path
prefix: /privacy
cookie: {scope: host, named: true}
gate: marked
controller:
  id: shop-ltd
  name: Example Shop Ltd
  address: |
    1 High Street
    Exampletown
  contact: privacy@shop.example
regime: opt-in
memory: 300d
grace: 48h
retention: long
log: {public: false}
counting:
  time_zone: Europe/Berlin
  page_groups:
    - {id: goods, paths: [/shop/*, /basket]}
  smallest: 25
layout: card
position: end
experiment:
  id: plain-bar
  start: 2026-12-01
  block: 6h
  measure: accepted
  detect: 2
  variant:
    layout: bar
    texts:
      en: {heading: Your choice here, choose: Pick}
      de: {categories: {comfort: {title: Filme}}}
scheme: light
radius: 4
font: system
logo: {url: /logo.svg, dark: /logo-dark.svg, width: 120, height: 28}
colors:
  light: {paper: "#FFF", ink: "#000", quiet: "#333", line: "#ccc", button: "#004400", button_text: "#fff"}
  dark: {button: "#99ccff"}
settings: link
links:
  - {url: /privacy-policy, label: {en: Privacy policy, de: Datenschutz}}
  - {url: "https://shop.example/imprint", label: Imprint}
locales: [en, de]
categories:
  - id: analytics
    services:
      - ga4
      - id: matomo
        hosts: [stats.shop.example]
        recipients: [Host Ltd (DE)]
      - id: own-stats
        name: Own statistics
        company: Example Shop Ltd
        country: DE
        policy_url: https://shop.example/privacy-policy
        hosts: []
        cookies:
          - {name: s*, kind: local, provider: Example Shop, purpose: Counts visits., duration: 1 day, recipients: [], http_only: false, third_party: true}
    material: 2026-05-01
  - id: comfort
    services: [vimeo]
    purposes: [embedded-media]
    signals: [functionality_storage]
  - id: necessary
    services:
      - id: basket
        name: Basket
        company: Example Shop Ltd
        country: DE
        policy_url: https://shop.example/privacy-policy
        hosts: []
        cookies: [{name: basket, provider: Example Shop, purpose: Holds the basket., duration: session, http_only: true}]
texts:
  en:
    heading: Your choice
    body: "{site} asks about measurement and videos."
    categories: {comfort: {title: Videos, description: Loads videos.}}
  de:
    body: "{site} fragt nach Messung und Videos."
    categories: {comfort: {title: Videos, description: Lädt Videos.}}
`
