package doctor

import (
	"context"
	"fmt"
	"html"
	"net/http"
	"regexp"
	"slices"
	"strings"

	"github.com/consentry/consentry/internal/consent"
)

// gate fetches the gate and holds it against what the configuration makes.
func (v Visit) gate(ctx context.Context, tag *gateTag) Finding {
	const check = "version"
	address := v.address("/gate.js")
	if tag != nil {
		address = tag.src.String()
	}
	got, err := v.get(ctx, address, nil)
	switch {
	case err != nil:
		return wrong(check, "The gate cannot be fetched: "+err.Error(), "See that the server runs and the proxy reaches it.")
	case got.status != http.StatusOK || !strings.Contains(got.header.Get("Content-Type"), "javascript"):
		return wrong(check, fmt.Sprintf("%s answers %d, %q, and no script.", address, got.status, got.header.Get("Content-Type")),
			"Let the web server pass "+v.Site.Base()+"/ on; consentry snippet "+v.Site.ID+" prints the lines.")
	case slices.Contains(v.Gates, got.body):
		return right(check, "It is the gate that this configuration makes.")
	case strings.Contains(address, "/gate."+v.Frozen):
		return wrong(check, "The frozen gate was altered on its way.", "Let no proxy or CDN rewrite scripts.")
	}
	return warn(check, "The gate is another than this configuration makes: of an older version, of a cache, or of another folder's settings.",
		"Reload the server, purge caches, and renew a frozen tag (gate.<digest>.js).")
}

// memory states how long browsers keep the choice, by the way of connecting.
func (v Visit) memory() []Finding {
	const check = "cookies"
	days := int(v.Site.Policy.Memory.Hours() / 24)
	switch v.Site.Deployment.Mode {
	case consent.ModeSubdomain:
		return []Finding{warn(check, fmt.Sprintf("Set by a subdomain: kept %d days, in Safari 7 where the name is a CNAME to another domain or the address is not near the site's.", days),
			"Serve it under a path of the site (mode: path) for the full time in every browser.")}
	case consent.ModeRemote:
		return []Finding{warn(check, "Kept by the script: 7 days in Safari, and nothing is remembered without JavaScript.",
			"Serve it under a path of the site (mode: path) for the full time in every browser.")}
	}
	return []Finding{right(check, "Set by the site's own server under its own origin: kept %d days in every browser, Safari included.", days)}
}

var formID = regexp.MustCompile(`name="id" value="([^"]+)"`)

// choices asks for the page without JavaScript, which differs with every view
// and with the browser's signal.
func (v Visit) choices(ctx context.Context) []Finding {
	if v.Site.Deployment.Mode == consent.ModeRemote || v.Site.Policy.ChildDirected { // the one has no page, the other's asks nothing
		return nil
	}
	locale := v.Site.Locales[0]
	address := v.address("/choices?locale=" + locale)
	plain, err := v.get(ctx, address, nil)
	again, err2 := v.get(ctx, address, nil)
	signal, err3 := v.get(ctx, address, map[string]string{"Sec-GPC": "1"})
	for _, err := range []error{err, err2, err3} {
		if err != nil {
			return []Finding{wrong("caches", "The page without JavaScript cannot be fetched: "+err.Error(), "See that the proxy passes "+v.Site.Base()+"/ on.")}
		}
	}
	first, second := formID.FindString(plain.body), formID.FindString(again.body)
	var list []Finding
	switch {
	case first == "":
		list = append(list, wrong("caches", fmt.Sprintf("%s answers %d and not with its page.", address, plain.status), "See that the proxy passes all of "+v.Site.Base()+"/ on."))
	case first == second || again.header.Get("Age") != "" || !strings.Contains(again.header.Get("Cache-Control"), "no-store"):
		list = append(list, wrong("caches", "A cache keeps answers that are one visitor's own, cookies among them.", "Let proxies and CDNs obey Cache-Control: no-store under "+v.Site.Base()+"/."))
	default:
		list = append(list, right("caches", "No cache keeps what is one visitor's own."))
	}
	sentence := v.Site.Texts[locale].GPC
	if v.Site.Policy.Signals.Override {
		sentence = v.Site.Texts[locale].GPCOverride
	}
	arrives := strings.Contains(signal.body, html.EscapeString(sentence))
	if !arrives && v.Site.Policy.Signals.GPCBinding {
		return list // it may have arrived where no law binds to it
	}
	if !arrives && first != "" {
		return append(list, wrong("Global Privacy Control", "The browser's signal does not arrive.", "Let the proxy pass the header Sec-GPC on."))
	}
	if first != "" {
		list = append(list, right("Global Privacy Control", "The header Sec-GPC arrives."))
	}
	return list
}

// decisions sends what can be no decision: how it is refused tells whether one
// would arrive.
func (v Visit) decisions(ctx context.Context) Finding {
	const check = "decisions"
	origin := v.Page.Scheme + "://" + v.Page.Host
	got, err := v.send(ctx, http.MethodPost, v.address("/decisions"), "{}", map[string]string{"Content-Type": "application/json", "Origin": origin})
	switch {
	case err != nil:
		return wrong(check, "Decisions do not arrive: "+err.Error(), "See that the proxy passes POST on.")
	case strings.Contains(got.body, `"superseded"`) || strings.Contains(got.body, `"invalid"`):
		return right(check, "Decisions arrive.")
	case got.status == http.StatusForbidden && strings.Contains(got.body, `"origin"`):
		return wrong(check, origin+" is not one of the site's origins, or the proxy changes the header Origin.", "Add it under origins in the site file.")
	}
	return wrong(check, fmt.Sprintf("A decision gets %d and no answer of this server.", got.status), "See that the proxy passes POST "+v.Site.Base()+"/decisions on, and keeps the Host.")
}
