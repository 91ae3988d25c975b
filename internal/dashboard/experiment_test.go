package dashboard_test

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/consentry/consentry/internal/catalogue"
	"github.com/consentry/consentry/internal/consent"
	"github.com/consentry/consentry/internal/dashboard"
	"github.com/consentry/consentry/internal/experiment"
	"github.com/consentry/consentry/internal/siteconfig"
)

// laboratory is a desk whose shop tries a card, from the start of the tests on.
type laboratory struct {
	*desk
	schedule experiment.Schedule
	ended    []bool // adopted or not
	fail     error
}

func newLaboratory(t *testing.T) *laboratory {
	t.Helper()
	src, err := os.ReadFile("../../templates/testdata/shop.yaml")
	if err != nil {
		t.Fatal(err)
	}
	text := string(src) + "\nexperiment:\n  id: plain-card\n  start: 2026-11-25\n  block: 12h\n  variant: {layout: dialog}\n"
	site, problems := siteconfig.LoadSite("shop.yaml", []byte(text), catalogue.Files, os.DirFS("../../components"))
	if site == nil {
		t.Fatal(problems)
	}
	l := &laboratory{desk: newDesk(t)}
	l.sites = []*consent.Site{site}
	l.schedule = experiment.Schedule{Seed: []byte("seed"), Start: site.Experiment.Start, Block: site.Experiment.Block}
	l.change(func(o *dashboard.Options) {
		o.Schedule = func(string) (experiment.Schedule, bool) { return l.schedule, true }
		o.EndExperiment = l.end
	})
	l.in()
	return l
}

func (l *laboratory) end(_ context.Context, site *consent.Site, adopt bool, note func() error) error {
	if l.fail != nil {
		return l.fail
	}
	if err := note(); err != nil {
		return err
	}
	next := *site
	next.Experiment = nil
	l.ended, l.sites = append(l.ended, adopt), []*consent.Site{&next}
	return nil
}

// count puts days of hourly counters into the store: 100 banners an hour, of which
// some are answered, and by more people where the variant is shown. Programs answer
// everything and must not be counted.
func (l *laboratory) count(from, days int, more int64) {
	l.t.Helper()
	var counts []consent.Count
	for h := 24 * from; h < 24*(from+days); h++ {
		at := l.schedule.Start.Add(time.Duration(h) * time.Hour)
		variant, answers := "", 30+int64(h%7)
		if b, ok := l.schedule.At(at); ok && b.Variant {
			variant, answers = "plain-card", answers+more
		}
		hour := consent.HourOf(at, l.sites[0].Counting.Location())
		for key, n := range map[string]int64{
			consent.CountKey(consent.ShownCount, "who", "human", "kind", "first", "layout", "bar", "regime", "opt-in", "variant", variant, "notice", "n1"):                                                             100,
			consent.CountKey(consent.DecidedCount, "who", "human", "kind", "first", "answer", "accepted", "event", "given", "via", "banner", "layout", "bar", "regime", "opt-in", "variant", variant, "notice", "n1"):  answers,
			consent.CountKey(consent.DecidedCount, "who", "automated", "kind", "first", "answer", "rejected", "event", "refused", "via", "banner", "layout", "bar", "regime", "opt-in", "variant", "", "notice", "n1"): 100,
		} {
			counts = append(counts, consent.Count{Hour: hour, Key: key, N: n})
		}
	}
	if err := l.store.AddCounts(l.t.Context(), "shop", counts); err != nil {
		l.t.Fatal(err)
	}
	last := counts[len(counts)-1].Hour
	for deadline := time.Now().Add(30 * time.Second); ; time.Sleep(20 * time.Millisecond) {
		if list, err := l.store.Counts(l.t.Context(), "shop", last, last.Add(time.Hour)); err == nil && len(list) == 3 {
			return
		} else if time.Now().After(deadline) {
			l.t.Fatalf("the counters are not there: %v %v", list, err)
		}
	}
}

const labPage = "/admin/sites/shop/experiment"

// The page says what can be said, from the day before the start to the verdict, and
// nothing more: what a difference needs is told from the time before.
func TestAnExperimentsPageSaysWhatItShowsSoFar(t *testing.T) {
	l := newLaboratory(t)
	l.count(-20, 20, 0)
	l.want(l.get(labPage), http.StatusOK, "It starts on Wednesday, 25 November 2026")
	l.want(l.get(labPage), http.StatusOK, "takes about ")
	l.count(0, 14, 20)
	l.pass(5 * 24 * time.Hour) // two days of the experiment are over
	l.in2()
	l.want(l.get(labPage), http.StatusOK, "No difference shown yet.")
	l.want(l.get(labPage), http.StatusOK, "2 pairs complete")
	l.pass(14 * 24 * time.Hour)
	l.in2()
	for range 2 { // from the store, then as kept
		page := l.get(labPage)
		l.want(page, http.StatusOK, "A difference is shown: in the variant banners are answered more often.")
		l.want(page, http.StatusOK, "16 pairs complete")
		l.want(page, http.StatusOK, "<td>14,300</td>") // 13 blocks of 11 hours of 100 banners
		l.want(page, http.StatusOK, "1 pair is left out: in the two days before, nobody was shown the variant")
		l.want(page, http.StatusOK, "End and adopt the variant")
	}
	rows := strings.Split(strings.TrimSpace(l.get(labPage+".csv").body), "\r\n")
	if want := 1 + 2*16; len(rows) != want || !strings.HasPrefix(rows[1], "1,2026-11-25T0") {
		t.Errorf("%d rows, want %d: %q", len(rows), want, rows[:min(2, len(rows))])
	}
}

// A start in the past makes no experiment of what was shown before: the variant of
// another was, and of this one nothing yet.
func TestWhatWasNotServedIsNoEvidence(t *testing.T) {
	l := newLaboratory(t)
	l.count(0, 14, 20)
	l.pass(19 * 24 * time.Hour)
	l.in2()
	l.want(l.get(labPage), http.StatusOK, "A difference is shown")
	site, e := *l.sites[0], *l.sites[0].Experiment
	e.ID, site.Experiment = "another", &e
	l.sites = []*consent.Site{&site}
	page := l.get(labPage)
	l.want(page, http.StatusOK, "Nothing can be said yet.")
	l.want(page, http.StatusOK, "so that they are no evidence. Pairs count that begin after its first banner; the next one is complete on ")
	l.want(page, http.StatusOK, "16 pairs are left out")
	l.want(l.get(labPage+".json"), http.StatusOK, `"left_out":true`)
}

// One step ends an experiment: an owner's, from the page itself, about the experiment
// that the page shows; it is in the audit trail before it is done.
func TestOneStepEndsAnExperiment(t *testing.T) {
	l := newLaboratory(t)
	form := func(end, id string) url.Values { return url.Values{"end": {end}, "experiment": {id}} }
	l.want(l.do(http.MethodPost, labPage, form("adopt", "plain-card"), map[string]string{"Origin": "https://evil.example", "Sec-Fetch-Site": "cross-site"}), http.StatusForbidden, "")
	l.want(l.post(labPage, form("burn", "plain-card")), http.StatusBadRequest, "")
	l.want(l.post(labPage, form("adopt", "another")), http.StatusNotFound, "")
	l.fail = fmt.Errorf("edit: %w", siteconfig.ErrByHand)
	l.want(l.post(labPage, form("adopt", "plain-card")), http.StatusConflict, "only its owner should change")
	if l.fail = nil; len(l.ended) > 0 || strings.Contains(l.get("/admin/sites/shop/audit").body, "ended the experiment") {
		t.Fatal("it ended")
	}
	l.wantRedirect(l.post(labPage, form("adopt", "plain-card")), labPage)
	if len(l.ended) != 1 || !l.ended[0] {
		t.Errorf("ended: %v", l.ended)
	}
	l.want(l.get(labPage), http.StatusOK, "Nothing is tried at the moment")
	l.want(l.post(labPage, form("keep", "plain-card")), http.StatusNotFound, "")
	l.want(l.get("/admin/sites/shop/audit"), http.StatusOK, "ended the experiment")
	l.want(l.get("/admin/sites/shop"), http.StatusOK, `href="`+labPage+`"`)
}

// What reads much waits its turn with the others, so that a crowd before it costs
// visitors neither memory nor the store.
func TestExperimentsAndAuditTrailsAreReadInTurn(t *testing.T) {
	l := newLaboratory(t)
	l.count(-20, 20, 0)
	release := l.dash.HoldRoom()
	defer release()
	for _, path := range []string{labPage, "/admin/sites/shop/audit", "/admin/sites/shop/audit.csv"} {
		ctx, cancel := context.WithTimeout(t.Context(), 200*time.Millisecond)
		req, err := http.NewRequestWithContext(ctx, http.MethodGet, l.server.URL+path, nil)
		if err != nil {
			t.Fatal(err)
		}
		if res, err := l.browser.Do(req); err == nil {
			_ = res.Body.Close()
			t.Errorf("%s: %d without waiting", path, res.StatusCode)
		}
		cancel()
	}
}
