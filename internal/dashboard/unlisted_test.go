package dashboard_test

import (
	"context"
	"encoding/csv"
	"errors"
	"fmt"
	"io/fs"
	"net/http"
	"net/url"
	"os"
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/consentry/consentry/internal/catalogue"
	"github.com/consentry/consentry/internal/consent"
	"github.com/consentry/consentry/internal/dashboard"
	"github.com/consentry/consentry/internal/siteconfig"
)

// owned is a desk over a site file in which services can be listed.
type owned struct {
	*desk
	file string
	seen []consent.Sighting
	fail error
	from fs.FS // the catalogue that edits read
}

func newOwned(t *testing.T, seen ...consent.Sighting) *owned {
	t.Helper()
	src, err := os.ReadFile("../../templates/testdata/shop.yaml")
	if err != nil {
		t.Fatal(err)
	}
	o := &owned{desk: newDesk(t), file: string(src), seen: seen, from: catalogue.Files}
	known, _ := siteconfig.ReadKnown(catalogue.Files)
	o.change(func(options *dashboard.Options) {
		options.Declare, options.Catalogue = o.declare, known
		options.Seen = func(string) []consent.Sighting {
			return slices.DeleteFunc(slices.Clone(o.seen), func(s consent.Sighting) bool {
				return o.sites[0].Policy.Lists(s.Kind, s.Name) || s.Kind == consent.SeenHost && strings.Contains(o.file, "*."+s.Name)
			})
		}
	})
	o.in()
	return o
}

// declare is what the program does, to a file in memory.
func (o *owned) declare(_ context.Context, site *consent.Site, what siteconfig.Declaration, note func() error) error {
	if o.fail != nil {
		return o.fail
	}
	locales := os.DirFS("../../components")
	edited, err := siteconfig.Declare(site.Source, []byte(o.file), what, o.from, locales)
	if err != nil {
		return err
	}
	if err := note(); err != nil {
		return err
	}
	next, problems := siteconfig.LoadSite(site.Source, edited, o.from, locales)
	if next == nil {
		return fmt.Errorf("%v", problems)
	}
	o.file, o.sites = string(edited), []*consent.Site{next}
	return nil
}

func sighting(kind, name string) consent.Sighting {
	return consent.Sighting{Kind: kind, Name: name, First: start.AddDate(0, 0, -3), Last: start}
}

const unlistedPage = "/admin/sites/shop/unlisted"

func the(kind, name string, more ...string) url.Values {
	form := url.Values{"kind": {kind}, "name": {name}}
	for i := 0; i < len(more); i += 2 {
		form.Set(more[i], more[i+1])
	}
	return form
}

var ownWords = []string{"category", "marketing", "service-name", "Counter: two", "id", "counter2", "company", "Zähler & Söhne", "country", "no", "policy", "https://counter.example/privacy"}

// One step lists what was seen, from the catalogue or in the owner's words; it is in
// the audit trail, and seen no more.
func TestOneStepListsWhatWasSeen(t *testing.T) {
	o := newOwned(t, sighting(consent.SeenCookie, "_ga_*"), sighting(consent.SeenHost, "counter.example"), sighting(consent.SeenStorage, "visits-*-x"))
	o.want(o.get("/admin/sites/shop"), http.StatusOK, `href="`+unlistedPage+`"`)
	page := o.get(unlistedPage)
	o.want(page, http.StatusOK, `<option value="ga4">Google Analytics (ga4)</option>`)
	o.wantRedirect(o.post(unlistedPage, the(consent.SeenCookie, "_ga_*", "service", "ga4", "category", "")), unlistedPage)
	o.want(o.post(unlistedPage, the(consent.SeenCookie, "_ga_*", "service", "ga4")), http.StatusNotFound, "")

	o.want(o.get(unlistedPage+"?kind=host&name=counter.example"), http.StatusOK, `value="counter-example"`)
	if page := o.get(unlistedPage + "?kind=host&name=counter.example"); strings.Contains(page.body, `name="purpose"`) {
		t.Error("a host is asked what it is for")
	}
	o.wantRedirect(o.post(unlistedPage, the(consent.SeenHost, "counter.example", ownWords...)), unlistedPage)

	storage := append(slices.Clone(ownWords), "id", "visits", "kept", "session", "purpose", "Counts visits.", "duration", "1 day")
	o.want(o.get(unlistedPage+"?kind=storage&name=visits-*-x"), http.StatusOK, `name="kept"`)
	o.want(o.post(unlistedPage, the(consent.SeenStorage, "visits-*-x", append(slices.Clone(storage), "duration", "")...)), http.StatusUnprocessableEntity, "how long it stays")
	o.want(o.post(unlistedPage, the(consent.SeenStorage, "visits-*-x", append(slices.Clone(storage), "id", "ga4")...)), http.StatusUnprocessableEntity, "stands under analytics already")
	o.wantRedirect(o.post(unlistedPage, the(consent.SeenStorage, "visits-*-x", storage...)), unlistedPage)
	o.want(o.get(unlistedPage), http.StatusOK, "Nothing is left.")

	for _, line := range []string{"      - ga4\n", "  - id: marketing\n    services:\n      - id: counter2\n        name: \"Counter: two\"\n", `hosts: ["counter.example", "*.counter.example"]`, `- name: "visits-*"` + "\n            kind: session\n"} {
		if !strings.Contains(o.file, line) {
			t.Errorf("no %q in\n%s", line, o.file)
		}
	}
	if got := o.trailOf("shop"); !slices.Equal(got[len(got)-3:], []string{"account:admin service-listed ga4 analytics", "account:admin service-listed counter2 marketing", "account:admin service-listed visits marketing"}) {
		t.Errorf("the trail: %q", got)
	}
	o.want(o.get("/admin/sites/shop/audit"), http.StatusOK, "listed the service ga4 (analytics)")
}

// Where the file cannot be changed its owner gets the lines, and nothing is noted.
func TestLinesAreGivenWhereTheFileCannotBeWritten(t *testing.T) {
	o := newOwned(t, sighting(consent.SeenHost, "counter.example"))
	before := len(o.trailOf("shop"))
	for _, o.fail = range []error{fmt.Errorf("%w: %w", siteconfig.ErrUnwritable, os.ErrPermission), siteconfig.ErrListByHand} {
		page := o.post(unlistedPage, the(consent.SeenHost, "counter.example", ownWords...))
		o.want(page, http.StatusConflict, "categories:\n  - id: marketing\n    services:\n      - id: counter2\n")
		o.want(page, http.StatusConflict, "<code>shop.yaml</code>")
	}
	o.fail = errors.New("the disk is gone")
	if got := o.post(unlistedPage, the(consent.SeenHost, "counter.example", ownWords...)); got.status != http.StatusInternalServerError {
		t.Errorf("status %d", got.status)
	}
	if after := len(o.trailOf("shop")); after != before {
		t.Errorf("%d entries more", after-before)
	}
}

// Names come from visitors' browsers: whatever they are, they are text on the page
// and in the files, and the site file takes them as names or not at all.
func TestHostileNamesThatWereSeenDoNoHarm(t *testing.T) {
	names := []string{`"><script>alert(1)</script>`, "x:\n- y", "\x1b[2J", "=1+1", "*", "**", "a*b*c", "{a:[", "#x", "'", `\`, "&x", "!!str", "@SUM(A1)", "-x", "x;y", "\u202eabc", strings.Repeat("x", 64)}
	var seen []consent.Sighting
	for _, kind := range []string{consent.SeenHost, consent.SeenCookie, consent.SeenStorage} {
		for _, name := range names {
			seen = append(seen, sighting(kind, name))
		}
	}
	o := newOwned(t, seen...)
	for _, path := range []string{"/admin/sites/shop", unlistedPage, "/admin/sites/shop/undeclared.json"} {
		if page := o.get(path); page.status != http.StatusOK || strings.Contains(page.body, "<script>alert") {
			t.Errorf("%s: %d, or a name is markup", path, page.status)
		}
	}
	rows, err := csv.NewReader(strings.NewReader(o.get("/admin/sites/shop/undeclared.csv").body)).ReadAll()
	if err != nil || len(rows) != 1+len(seen) {
		t.Errorf("%d rows, %v", len(rows), err)
	}
	for _, row := range rows {
		if strings.ContainsAny(row[1][:1], "=+-@") {
			t.Errorf("a cell is a formula: %s", row[1])
		}
	}
	o.from = fstest.MapFS{} // each edit reads it; the shop needs nothing of it
	for i, s := range seen {
		if page := o.get(unlistedPage + "?" + url.Values{"kind": {s.Kind}, "name": {s.Name}}.Encode()); page.status != http.StatusOK || strings.Contains(page.body, "<script>alert") {
			t.Errorf("%s %q: %d, or it is markup", s.Kind, s.Name, page.status)
		}
		before := o.file
		form := the(s.Kind, s.Name, append(slices.Clone(ownWords), "id", fmt.Sprintf("seen-%d", i), "purpose", "x", "duration", "x")...)
		switch page := o.post(unlistedPage, form); page.status {
		case http.StatusSeeOther:
			if s.Kind == consent.SeenHost && strings.Trim(s.Name, "x") != "" {
				t.Errorf("the host %q was listed", s.Name)
			}
		case http.StatusUnprocessableEntity:
			if o.file != before {
				t.Errorf("%q changed the file", s.Name)
			}
		default:
			t.Errorf("%s %q: %d", s.Kind, s.Name, page.status)
		}
	}
	for _, form := range []url.Values{the("host", "never.example", ownWords...), the("elsewhere", "*"), the("", "")} {
		o.want(o.post(unlistedPage, form), http.StatusNotFound, "")
	}
	o.want(o.get(unlistedPage+"?kind=host&name=never.example"), http.StatusNotFound, "")
	for _, form := range []url.Values{the("host", "x;y", "service", "no-such-service"), the("host", "x;y", "service", "../x\n"), the("host", "x;y", "service", "hotjar", "category", "<b>")} {
		if page := o.post(unlistedPage, form); page.status != http.StatusUnprocessableEntity || strings.Contains(page.body, "<b>") && strings.Contains(page.body, `category "<b>`) {
			t.Errorf("%v: %d", form, page.status)
		}
	}
}
