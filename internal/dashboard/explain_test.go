package dashboard_test

import (
	"net/http"
	"strings"
	"testing"
)

// Whoever slips in an address or a form is told so on a page that leads back, with the
// status that a program gets; a program reads JSON as ever.
func TestBrowsersReadAPageWhereThereIsNone(t *testing.T) {
	d := newDesk(t)
	d.whole()
	stranger := "/admin/setup/wrong"
	browses := map[string]string{"Accept": "text/html,application/xhtml+xml,*/*;q=0.8"}
	d.want(d.do(http.MethodGet, stranger, nil, browses), http.StatusNotFound, `<a href="/admin/">Go to the dashboard</a>`)
	d.in()
	const site, sites = `<a href="/admin/sites/shop">Back to the site</a>`, `<a href="/admin/">Back to the sites</a>`
	for path, want := range map[string]struct {
		status      int
		says, leads string
	}{
		"/admin/sites/shop?from=2026-11-20&to=2026-11-10": {http.StatusBadRequest, "Wrong period: to is before from; swap them.", site},
		"/admin/sites/shop?days=12":                       {http.StatusBadRequest, "days must be 7, 30 or 90", site},
		"/admin/?days=12":                                 {http.StatusBadRequest, "days must be 7, 30 or 90", sites},
		"/admin/sites/shop?kind=x":                        {http.StatusBadRequest, "kind must be first or again", site},
		"/admin/sites/shop/rates.csv?days=x":              {http.StatusBadRequest, "days must be 7, 30 or 90", site},
		"/admin/sites/none":                               {http.StatusNotFound, "No such site.", sites},
		"/admin/sites/%3Cb%3E?days=12":                    {http.StatusNotFound, "No such site.", sites},
	} {
		a := d.do(http.MethodGet, path, nil, browses)
		d.want(a, want.status, want.says)
		d.want(a, want.status, want.leads)
		if got := a.header.Get("Content-Type"); !strings.HasPrefix(got, "text/html") || a.header.Get("Content-Security-Policy") == "" || a.header.Get("Cache-Control") != "no-store" {
			t.Errorf("%s: %v", path, a.header)
		}
		a = d.get(path)
		if got := a.header.Get("Content-Type"); a.status != want.status || !strings.HasPrefix(got, "application/json") {
			t.Errorf("%s for a program: %d, %s", path, a.status, got)
		}
	}
	a := d.do(http.MethodGet, "/api/v1/sites/shop/rates?days=8", nil, browses)
	if got := a.header.Get("Content-Type"); a.status != http.StatusUnauthorized || !strings.HasPrefix(got, "application/json") {
		t.Errorf("the API: %d, %s", a.status, got)
	}
}
