// Ways to size an embed, each with what stands after it on the page.

const embed = (markup, { css = "" } = {}) => ({ markup, css });

const boxes = {
  "width and height attributes": embed('<iframe EMBED width="560" height="315"></iframe>'),
  "no size at all": embed("<iframe EMBED></iframe>"),
  "no frame border": embed('<iframe EMBED width="300" height="200" frameborder="0"></iframe>'),
  "inline between words": embed('before <iframe EMBED width="200" height="100"></iframe> behind'),
  "inline style": embed('<iframe EMBED style="width:80%;height:240px;border:0"></iframe>'),
  "the whole width, by ratio": embed('<iframe EMBED class="ratio"></iframe>', { css: ".ratio{width:100%;aspect-ratio:16/9;border:0;display:block}" }),
  "attributes under a rule for every frame": embed('<iframe EMBED class="fluid" width="2000" height="315"></iframe>', { css: ".fluid{max-width:100%}" }),
  "laid over a padded wrapper": embed('<div class="padded"><iframe EMBED></iframe></div>', { css: ".padded{position:relative;padding-bottom:56.25%;height:0}.padded iframe{position:absolute;inset:0;width:100%;height:100%;border:0}" }),
  "placed by one corner": embed('<div class="corner"><iframe EMBED></iframe></div>', { css: ".corner{position:relative;height:300px}.corner iframe{position:absolute;top:10px;left:20px}" }),
  "centred by margins": embed('<iframe EMBED class="centred" width="320" height="180"></iframe>', { css: ".centred{display:block;margin:20px auto}" }),
  "floating": embed('<iframe EMBED class="floating" width="200" height="120"></iframe> around', { css: ".floating{float:right;margin:0 0 10px 10px}" }),
  "a share of a flex row": embed('<div class="row"><iframe EMBED></iframe><b>beside</b></div>', { css: ".row{display:flex;gap:12px;height:260px}.row iframe{flex:1 1 0;min-width:0}" }),
  "a flex column": embed('<div class="column"><iframe EMBED height="200"></iframe><b>beside</b></div>', { css: ".column{display:flex;flex-direction:column;gap:8px}" }),
  "a cell of a grid": embed('<div class="grid"><b>a</b><iframe EMBED></iframe><b>b</b></div>', { css: ".grid{display:grid;grid-template-columns:1fr 2fr 1fr}.grid iframe{width:100%;height:100%;min-height:190px}" }),
  "an area of a grid": embed('<div class="area"><b>a</b><iframe EMBED></iframe></div>', { css: ".area{display:grid;grid-template:'x y' 220px / 200px 1fr}.area iframe{grid-area:y;justify-self:end;width:50%;height:100%}" }),
  "viewport units and limits": embed('<iframe EMBED class="limits"></iframe>', { css: ".limits{width:min(90vw,640px);height:clamp(200px,40vh,400px);border:3px solid red;padding:7px}" }),
  "another width on small screens": embed('<iframe EMBED class="query"></iframe>', { css: ".query{width:500px;height:281px}@media(max-width:600px){.query{width:100%;height:200px}}" }),
  "spaced by its neighbours": embed('<div class="owl"><iframe EMBED width="300" height="200"></iframe><p>next</p></div>', { css: ".owl>*+*{margin-top:40px}.owl>iframe{display:block}" }),
  "spaced from what precedes it": embed('<div class="owl"><p>previous</p><iframe EMBED width="300" height="200"></iframe><p>next</p></div>'),
  "a video": embed('<video EMBED controls width="640" height="360"></video>'),
  "a fluid video": embed('<video EMBED controls width="640" height="360" class="fluid2"></video>', { css: ".fluid2{max-width:100%;height:auto}" }),
  "an audio player": embed("<audio EMBED controls></audio>"),
  "turned and clipped": embed('<iframe EMBED class="turned" width="300" height="200"></iframe>', { css: ".turned{transform:rotate(2deg);border-radius:20px;box-sizing:border-box;border:10px solid}" }),
  "hidden": embed('<iframe EMBED class="hidden" width="300" height="200"></iframe>', { css: ".hidden{display:none}" }),
  "a pixel": embed('<iframe EMBED width="1" height="1"></iframe>'),
};

const fill = (markup, host) => markup.replaceAll("EMBED", 'data-consent="share:film" data-src="URL" title="A film"').replaceAll("URL", `http://${host}/film`);

const caseOf = ([name, { markup }], host) => `<div data-case="${name}">${fill(markup, host)}<p class="after">after</p></div>`;

/** The page of all of them, with the gate or without it. */
export const page = (gate, host) => `<!doctype html><html lang="en"><meta name="viewport" content="width=device-width"><title>Boxes</title>
<style>body{margin:8px}[data-case]{display:flow-root;margin-bottom:30px}${Object.values(boxes).map(({ css }) => css).join("\n")}</style>
${gate ? '<script src="/privacy/gate.js"></script>' : ""}<body>${Object.entries(boxes).map((box) => caseOf(box, host)).join("\n")}`;

/** Runs in the page: where each embed or what stands for it is, and what follows, from the case's own corner. */
export function measure() {
  const all = [...document.querySelectorAll("[data-case]")].map((el) => {
    const corner = el.getBoundingClientRect();
    const at = (part) => {
      const { x, y, width, height } = part.getBoundingClientRect();
      return width && height ? [x - corner.x, y - corner.y, width, height] : [];
    };
    const embed = el.querySelector("[data-consent]");
    const host = embed.previousSibling?.shadowRoot && embed.previousSibling;
    return [el.dataset.case, { placed: !!host, box: at(host || embed), after: at(el.querySelector(".after")), height: corner.height }];
  });
  return Object.fromEntries(all);
}
