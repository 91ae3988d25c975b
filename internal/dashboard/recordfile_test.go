package dashboard_test

import (
	"encoding/base64"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"

	"github.com/consentry/consentry/internal/consent"
	"github.com/consentry/consentry/internal/storetest"
)

// A record can be taken with what its page says of it. What a visitor's link opens
// stands in no address, and no file says whether a record is another site's.
func TestAFoundRecordCanBeTaken(t *testing.T) {
	d := newDesk(t)
	d.twoSites()
	d.in()
	id := d.record("shop")
	hers, auditor := d.invite("otto", "auditor", "journal"), d.invite("ada", "auditor", "shop")
	query := "?q=" + id.String()
	page := d.get("/admin/records" + query)
	d.want(page, http.StatusOK, `href="/admin/records.csv`+query+`"`)
	d.want(page, http.StatusOK, `href="/admin/records.json`+query+`"`)
	d.apart(func() {
		d.as(auditor)
		var got struct {
			Site   string
			Entry  int64
			Erased bool
			Record *consent.Record
			Proof  struct {
				Holds, Broken bool
				Says, File    string
			}
		}
		d.read(d.get("/admin/records.json"+query), &got)
		if got.Site != "shop" || got.Record == nil || got.Record.ID != id || len(got.Record.Decisions) == 0 || got.Proof.Holds || got.Proof.Says != "This site has no transparency log here." {
			t.Errorf("%+v", got)
		}
		rows := d.table(d.get("/admin/records.csv" + query))
		if len(rows) != 1+len(got.Record.Decisions) || rows[1][0] != "shop" || rows[1][8] != id.String() || rows[1][9] != "given" {
			t.Errorf("%q", rows)
		}
		for i, decided := range got.Record.Decisions {
			if want := []string{decided.Category, decided.Service, string(decided.Status), string(decided.Scope)}; !slices.Equal(rows[1+i][20:], want) {
				t.Errorf("%q, want %q", rows[1+i][20:], want)
			}
		}
	})
	if got := d.trailOf("shop"); !slices.Contains(got, "account:ada exported records.json") || !slices.Contains(got, "account:ada exported records.csv") {
		t.Errorf("the trail: %q", got)
	}
	d.want(d.get("/admin/sites/shop/audit"), http.StatusOK, "took the file records.json of the record at entry ")
	token := base64.RawURLEncoding.EncodeToString(append(id[:], make([]byte, 32)...))
	for _, format := range []string{".csv", ".json"} {
		for _, asked := range []string{token, "https://shop.example/privacy/receipts/" + token, "", "<script>"} {
			if a := d.get("/admin/records" + format + "?q=" + url.QueryEscape(asked)); a.status != http.StatusBadRequest || strings.Contains(a.body, token) {
				t.Errorf("%q got %d: %s", asked, a.status, a.body)
			}
		}
	}
	d.as(hers)
	for _, format := range []string{".csv", ".json"} {
		foreign, unknown := d.get("/admin/records"+format+query), d.get("/admin/records"+format+"?q="+consent.ID{5}.String())
		if foreign.status != http.StatusNotFound || unknown.status != http.StatusNotFound || foreign.body != unknown.body {
			t.Errorf("%s: %d %s, and of an unknown one %d %s", format, foreign.status, foreign.body, unknown.status, unknown.body)
		}
	}
	if got := d.trailOf("journal"); slices.ContainsFunc(got, func(s string) bool { return strings.Contains(s, "records.") }) {
		t.Errorf("a file that was not given is noted: %q", got)
	}
}

// Of an erased record a file says that, and where it stood.
func TestAnErasedRecordsFileSaysSo(t *testing.T) {
	d := newDesk(t)
	d.in()
	erased := storetest.MustAppend(t, d.store, storetest.Entry("shop", 1))
	if err := d.store.Erase(t.Context(), "shop", []consent.Erasure{{Record: erased.Record, Time: start}}); err != nil {
		t.Fatal(err)
	}
	d.want(d.get("/admin/records.json?q="+erased.Record.String()), http.StatusOK, `"erased":true,"record":null,"proof":{"holds":false,"broken":false,"says":"It was erased`)
	rows := d.table(d.get("/admin/records.csv?q=" + erased.Record.String()))
	if len(rows) != 2 || rows[1][2] != "true" || rows[1][8] != erased.Record.String() || rows[1][9] != "" || rows[1][23] != "" {
		t.Errorf("%q", rows)
	}
}
