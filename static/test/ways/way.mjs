// How a way of loading is written down. script: it runs in the page, a number for
// the order in which the ones that wait for each other do; frame: it is a document;
// media: requested in as many pieces as a browser likes; image: perhaps from memory;
// plain: code that asks once and is refused, so that nothing is left to open;
// connects: it opens a connection only, which Chromium under automation does not;
// without: engines that do not load it anyhow; idle: nobody knows when; scanned: the
// preload scanner or the parser may ask before any script can say no.

/** Markup, as a page's author or a vendor would write it. */
export const html = (name, markup, more = {}) => ({ name, markup, ...more });

/** Code, with URL as a constant. */
export const js = (name, code, more = {}) => ({ name, code, ...more });

export const names = (ways) => ways.map(({ name }) => name);

/** Ways that this engine has. */
export const inEngine = (ways, engine) => ways.filter(({ without = "" }) => !without.split(" ").includes(engine));

const escape = (text) => JSON.stringify(text);

/** The body of a page that loads in all of these ways; url(name) is an address at the third party. */
export const body = (ways) => (url) =>
  ways
    .map((way) =>
      way.markup
        ? way.markup.replaceAll("URL", url(way))
        : `<script>{ const URL = ${escape(url(way))}; try { ${way.code} } catch (e) { rejected.push(e.message) } }</script>`,
    )
    .join("\n");
