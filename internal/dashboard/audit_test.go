package dashboard_test

import (
	"context"
	"encoding/csv"
	"errors"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/consentry/consentry/internal/consent"
	"github.com/consentry/consentry/internal/dashboard"
	"github.com/consentry/consentry/internal/storetest"
)

// trailOf reads a site's audit trail from the store: who, what, about what.
func (d *desk) trailOf(site string) (list []string) {
	d.t.Helper()
	listed, err := d.store.Artefacts(d.t.Context(), site, consent.AuditKind)
	if err != nil {
		d.t.Fatal(err)
	}
	for _, item := range listed {
		a, err := d.store.Artefact(d.t.Context(), site, item.Digest)
		if err != nil {
			d.t.Fatal(err)
		}
		e, err := consent.ReadAudit(site, a)
		if err != nil {
			d.t.Fatal(err)
		}
		words := []string{e.Actor, e.Action, e.About, e.Detail}
		list = append(list, strings.Join(slices.DeleteFunc(words, func(s string) bool { return s == "" }), " "))
	}
	return list
}

func (d *desk) wantTrail(site string, want ...string) {
	d.t.Helper()
	if got := d.trailOf(site); !slices.Equal(got, want) {
		d.t.Errorf("the trail of %s reads\n%s\nand should\n%s", site, strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
}

// Each log tells who could see its own site and what they did there, and names
// nobody of another.
func TestWhatOperatorsDoStandsInTheLogsOfTheirSites(t *testing.T) {
	d := newDesk(t)
	d.twoSites()
	stored := storetest.MustAppend(t, d.store, storetest.Entry("shop", 1))
	d.in()
	link := d.invite("mira", "auditor", "journal")
	d.apart(func() {
		d.as(link)
		d.get("/admin/sites/journal/rates.csv?days=7")
		d.get("/admin/sites/shop/rates.csv?days=7")
		d.wantRedirect(d.post("/admin/logout", nil), "/admin/login")
		d.login("mira ")
		d.post("/admin/login", url.Values{"username": {"mira"}, "password": {"wrong"}})
		d.post("/admin/login", url.Values{"username": {"somebody@example.com"}, "password": {"wrong"}})
	})
	d.get("/admin/records?q=" + stored.Record.String())
	d.get("/admin/records?q=" + consent.ID{7}.String())
	d.post("/admin/access/accounts/mira/change", url.Values{"role": {"marketer"}, "scope": {"some"}, "site": {"shop"}})
	d.post("/admin/access/accounts/admin/disable", nil) // refused
	d.post("/admin/access/accounts/mira/disable", nil)
	d.post("/admin/requests/shop/none", url.Values{"answer": {"law"}})
	d.ask(2, consent.Objection, "")
	asked, err := (&consent.Requests{Store: d.store}).List(t.Context(), "shop")
	if err != nil {
		t.Fatal(err)
	}
	request := asked[0].Digest
	d.post("/admin/requests/shop/"+request, url.Values{"answer": {"law"}})
	d.wantTrail("shop",
		"password-set admin first", "account:admin signed-in link", "sign-in-refused password", "account:admin record-read",
		"account:admin account-changed mira marketer, this site", "account:admin account-disabled mira", "account:admin request-answered "+request+" law")
	d.wantTrail("journal",
		"password-set admin first", "account:admin signed-in link", "account:admin account-invited mira auditor, this site",
		"password-set mira link", "account:mira signed-in link", "account:mira exported rates.csv", "account:mira signed-out",
		"account:mira signed-in password", "sign-in-refused mira password", "sign-in-refused password",
		"account:admin account-changed mira marketer, not this site")
	for _, line := range append(d.trailOf("shop"), d.trailOf("journal")...) {
		if strings.Contains(line, "somebody") || strings.Contains(line, stored.Record.String()) {
			t.Errorf("it says too much: %s", line)
		}
	}
	page := d.get("/admin/sites/shop/audit")
	d.want(page, http.StatusOK, "read the record at entry 0")
	if strings.Contains(page.body, "account-invited") || !strings.Contains(page.body, "not signed yet") {
		t.Errorf("the page: %s", page.body)
	}
	rows, err := csv.NewReader(strings.NewReader(d.get("/admin/sites/shop/audit.csv").body)).ReadAll()
	if err != nil || len(rows) != 9 || rows[4][3] != "record-read" || rows[4][6] != "0" || rows[8][4] != "audit.csv" {
		t.Errorf("%v, %v", rows, err)
	}
	d.wantRedirect(d.get("/admin/audit"), "/admin/sites/shop/audit")
	d.want(d.get("/admin/sites/shop/audit?before=1"), http.StatusOK, "Nothing is noted")
	d.want(d.get("/admin/sites/shop/audit?before=x"), http.StatusBadRequest, "")
}

// deafStore takes no audit entries while it is deaf.
type deafStore struct {
	consent.Store
	deaf bool
}

func (s *deafStore) PutArtefact(ctx context.Context, site string, a consent.Artefact) error {
	if s.deaf && a.Kind == consent.AuditKind {
		return errors.Join(consent.ErrUnavailable, errors.New("gone"))
	}
	return s.Store.PutArtefact(ctx, site, a)
}

// Who cannot be noted sees no record and changes nothing. Signing in goes on, to
// see what is wrong, and is noted as soon as there is a store.
func TestNothingIsDoneThatCannotBeNoted(t *testing.T) {
	d := newDesk(t)
	d.in()
	stored := storetest.MustAppend(t, d.store, storetest.Entry("shop", 1))
	d.ask(2, consent.Objection, "")
	asked, err := (&consent.Requests{Store: d.store}).List(t.Context(), "shop")
	if err != nil {
		t.Fatal(err)
	}
	front := &deafStore{Store: d.store, deaf: true}
	d.change(func(o *dashboard.Options) {
		o.Store, o.Trail = front, &dashboard.Trail{Store: front, Now: d.clock, Sites: d.served}
	})
	d.in2()
	d.want(d.get("/admin/records?q="+stored.Record.String()), http.StatusServiceUnavailable, "cannot be read now")
	for _, path := range []string{"/admin/access/accounts/admin/reset", "/admin/requests/shop/" + asked[0].Digest} {
		if a := d.post(path, url.Values{"answer": {"done"}}); a.status < 500 {
			t.Errorf("%s: status %d", path, a.status)
		}
	}
	if a := d.get("/admin/sites/shop/rates.csv"); a.status < 500 || strings.Contains(a.body, "date") {
		t.Errorf("a file was given: %d %s", a.status, a.body)
	}
	d.wantTrail("shop", "password-set admin first", "account:admin signed-in link")
	front.deaf = false
	d.pass(time.Minute)
	d.get("/admin/sites/shop/rates.csv")
	d.wantTrail("shop", "password-set admin first", "account:admin signed-in link", "account:admin signed-in password", "account:admin exported rates.csv")
	listed, err := d.store.Artefacts(t.Context(), "shop", consent.AuditKind)
	if err != nil || !listed[2].Time.Equal(start) || !listed[3].Time.Equal(start.Add(time.Minute)) {
		t.Errorf("the held entry has another time than its own: %v, %v", listed, err)
	}
}
