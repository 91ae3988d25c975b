package dashboard_test

import (
	"context"
	"encoding/base64"
	"errors"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/consentry/consentry/internal/consent"
	"github.com/consentry/consentry/internal/dashboard"
	"github.com/consentry/consentry/internal/storetest"
	"github.com/consentry/consentry/internal/translog"
)

// answerRequest keeps an answer as the visitors' side does.
func (d *desk) answerRequest(ctx context.Context, site, request string, answer consent.Settlement) error {
	answer.Site, answer.Request, answer.At = site, request, consent.At(d.clock())
	note, err := answer.Artefact()
	if err != nil {
		return err
	}
	return d.store.PutArtefact(ctx, site, note)
}

func (d *desk) transparency(string) *translog.Log { return nil }

// ask puts a visitor's request about a new record into the store.
func (d *desk) ask(n int, kind, reason string) consent.Entry {
	d.t.Helper()
	stored := storetest.MustAppend(d.t, d.store, storetest.Entry("shop", n))
	note, err := consent.VisitorRequest{Site: "shop", Entry: stored.Index, Kind: kind, Reason: reason, At: consent.At(d.clock())}.Artefact()
	if err != nil {
		d.t.Fatal(err)
	}
	if err := d.store.PutArtefact(d.t.Context(), "shop", note); err != nil {
		d.t.Fatal(err)
	}
	return stored.Entry
}

// What waits is listed by its due date with its record, and one click answers it.
func TestAnOperatorSeesWhatVisitorsWaitForAndAnswers(t *testing.T) {
	d := newDesk(t)
	d.wantRedirect(d.get("/admin/requests"), "/admin/login")
	d.in()
	d.want(d.get("/admin/requests"), http.StatusOK, "Nothing waits")
	old := d.ask(1, consent.Correction, "not-me")
	d.pass(29 * 24 * time.Hour)
	d.in2()
	fresh := d.ask(2, consent.Objection, "")
	d.pass(48 * time.Hour)
	d.in2()
	page := d.get("/admin/requests")
	d.want(page, http.StatusOK, "1 request is overdue")
	if first, second := strings.Index(page.body, old.Record.String()), strings.Index(page.body, fresh.Record.String()); first < 0 || second < first {
		t.Errorf("the overdue one is not the first: %d, %d", first, second)
	}
	d.want(page, http.StatusOK, "overdue by 1 day")
	d.want(page, http.StatusOK, "28 days left")

	asked, err := (&consent.Requests{Store: d.store}).List(t.Context(), "shop")
	if err != nil {
		t.Fatal(err)
	}
	to := "/admin/requests/shop/" + asked[0].Digest
	d.want(d.post(to, url.Values{"answer": {"perhaps"}}), http.StatusBadRequest, "")
	d.want(d.post("/admin/requests/elsewhere/"+asked[0].Digest, url.Values{"answer": {"done"}}), http.StatusNotFound, "")
	d.want(d.do(http.MethodPost, to, url.Values{"answer": {"done"}}, map[string]string{"Origin": "https://evil.example", "Sec-Fetch-Site": "cross-site"}), http.StatusForbidden, "")
	d.wantRedirect(d.post(to, url.Values{"answer": {"record-right"}}), "/admin/requests")
	page = d.get("/admin/requests")
	d.want(page, http.StatusOK, "refused: the record is right")
	if strings.Contains(page.body, "overdue") {
		t.Error("an answered request is still overdue")
	}
}

// An erasure that a legal hold forbade waits like the others, says what to do, and is
// not done before the record is erased.
func TestAnErasureIsDoneOnceTheRecordIsErased(t *testing.T) {
	d := newDesk(t)
	d.in()
	about := d.ask(1, consent.ErasureAsked, "")
	page := d.get("/admin/requests")
	d.want(page, http.StatusOK, "consentry erase "+about.Record.String()+" --yes")
	d.want(page, http.StatusOK, "30 days left")
	if strings.Contains(page.body, `value="done"`) {
		t.Error("it can be called done while the record is there")
	}
	asked, err := (&consent.Requests{Store: d.store}).List(t.Context(), "shop")
	if err != nil || len(asked) != 1 {
		t.Fatal(asked, err)
	}
	to := "/admin/requests/shop/" + asked[0].Digest
	d.want(d.post(to, url.Values{"answer": {"done"}}), http.StatusBadRequest, "")
	if err := d.store.Erase(t.Context(), "shop", []consent.Erasure{{Record: about.Record, Time: d.clock()}}); err != nil {
		t.Fatal(err)
	}
	d.wantRedirect(d.post(to, url.Values{"answer": {"done"}}), "/admin/requests")
	d.want(d.get("/admin/requests"), http.StatusOK, "Nothing waits")
}

// in2 logs in again, for a session lasts a working day.
func (d *desk) in2() {
	d.t.Helper()
	d.wantRedirect(d.post("/admin/login", url.Values{"username": {"admin"}, "password": {password}}), "/admin/")
}

type awayStore struct{ consent.Store }

var errAway = errors.Join(consent.ErrUnavailable, errors.New("gone"))

func (awayStore) Artefacts(context.Context, string, string) ([]consent.Artefact, error) {
	return nil, errAway
}

func (awayStore) Log(context.Context, string, int64, func(consent.LogEntry) bool) error {
	return errAway
}

func (awayStore) Record(context.Context, string, consent.ID) (consent.Stored, error) {
	return consent.Stored{}, errAway
}

func (awayStore) Counts(context.Context, string, time.Time, time.Time) ([]consent.Count, error) {
	return nil, errAway
}

func (awayStore) Health(context.Context) (consent.Durability, error) { return "", errAway }

// With the store away the desk says so, and nothing that it does not know.
func TestTheDeskSaysThatTheStoreIsAway(t *testing.T) {
	d := newDesk(t)
	d.in()
	d.change(func(o *dashboard.Options) {
		away := awayStore{d.store}
		o.Store, o.Requests = away, (&consent.Requests{Store: away}).List
	})
	d.in2()
	page := d.get("/admin/requests")
	d.want(page, http.StatusOK, "cannot be read now")
	if strings.Contains(page.body, "Nothing waits") {
		t.Error("it says that nothing waits")
	}
	d.want(d.get("/admin/state"), http.StatusOK, "not known while the store is away")
	d.want(d.get("/admin/state"), http.StatusOK, "Nothing can be granted now")
	d.want(d.get("/admin/records?q="+consent.ID{9}.String()), http.StatusServiceUnavailable, "cannot be read now")
}

// A purge that did not come to its end is said where an operator looks.
func TestTheDeskSaysThatAPurgeFailed(t *testing.T) {
	d := newDesk(t)
	d.in()
	d.change(func(o *dashboard.Options) {
		o.Purge = func(log string) consent.PurgeState {
			return consent.PurgeState{Problem: "site " + log + ": its class is not configured"}
		}
	})
	d.in2()
	d.want(d.get("/admin/state"), http.StatusOK, "Records whose time is over could not be taken away: site shop: its class is not configured")
}

// Of every class it is said how long its records are kept, how old the oldest is, and
// when the next purge is due; a class that only older records have among them.
func TestTheDeskTellsOfEachRetentionClass(t *testing.T) {
	const day = 24 * time.Hour
	d := newDesk(t)
	d.in()
	state := consent.PurgeState{
		Done: start, Next: start.Add(day), Keep: consent.Retention{"standard": 400 * day, "brief": 200 * day},
		Classes: []consent.Purge{{Class: "brief", Kept: 3, Oldest: start.Add(-100 * day), Since: start.Add(-50 * day)}},
	}
	d.change(func(o *dashboard.Options) { o.Purge = func(string) consent.PurgeState { return state } })
	d.in2()
	at := func(when time.Time) string { return when.UTC().Format("2 January 2006, 15:04 UTC") }
	d.want(d.get("/admin/state"), http.StatusOK, "Class standard: kept for 400 days; no record is older than "+at(start.Add(-50*day)))
	d.want(d.get("/admin/state"), http.StatusOK, "Class brief: kept for 200 days; the oldest record is of "+at(start.Add(-100*day)))
	d.want(d.get("/admin/state"), http.StatusOK, "The next purge is due "+at(start.Add(day)))
	state.Next = time.Time{}
	d.want(d.get("/admin/state"), http.StatusOK, "A purge is being done.")
	state = consent.PurgeState{}
	d.want(d.get("/admin/state"), http.StatusOK, "Class standard: kept for ever, since consentry.yaml names no retention for it.")
}

// A record is found by its id and by its receipt link, on configured sites only;
// what is not there, and what is another's, look alike.
func TestARecordIsLookedUp(t *testing.T) {
	d := newDesk(t)
	d.in()
	erased := storetest.MustAppend(t, d.store, storetest.Entry("shop", 1))
	hidden := storetest.Entry("elsewhere", 2)
	storetest.MustAppend(t, d.store, hidden)
	if err := d.store.Erase(t.Context(), "shop", []consent.Erasure{{Record: erased.Record, Time: start}}); err != nil {
		t.Fatal(err)
	}
	d.want(d.get("/admin/records"), http.StatusOK, "Consent id or receipt link")
	d.want(d.get("/admin/records?q="+erased.Record.String()), http.StatusOK, "It was erased")
	for _, unknown := range []string{hidden.Record.String(), consent.ID{5}.String()} {
		d.want(d.get("/admin/records?q="+unknown), http.StatusNotFound, "No record under this id is held")
	}
	d.want(d.get("/admin/records?q=%3Cscript%3E"), http.StatusBadRequest, "neither a consent id")
	// A receipt link is typed, and leaves the address that it stands for.
	token := base64.RawURLEncoding.EncodeToString(append(erased.Record[:], make([]byte, 32)...))
	for _, typed := range []string{token, " https://shop.example/privacy/receipts/" + token + "?locale=de ", erased.Record.String()} {
		d.wantRedirect(d.post("/admin/records", url.Values{"q": {typed}}), "/admin/records?q="+erased.Record.String())
	}
	d.want(d.post("/admin/records", url.Values{"q": {token[:60]}}), http.StatusBadRequest, "neither a consent id")
	d.want(d.get("/admin/records?q="+token), http.StatusBadRequest, "neither a consent id")
	d.want(d.get("/admin/state"), http.StatusOK, "The oldest record is of")
}

// The trail tells what was answered, and nothing of what was not: no request that
// there is not, whatever its address says, and no answer after the first.
func TestOnlyAnAnswerThatCountsStandsInTheTrail(t *testing.T) {
	d := newDesk(t)
	d.in()
	d.ask(1, consent.Objection, "")
	asked, err := (&consent.Requests{Store: d.store}).List(t.Context(), "shop")
	if err != nil {
		t.Fatal(err)
	}
	d.want(d.post("/admin/requests/shop/forged-by-hand", url.Values{"answer": {"done"}}), http.StatusNotFound, "")
	for _, answer := range []string{"law", "done"} {
		d.wantRedirect(d.post("/admin/requests/shop/"+asked[0].Digest, url.Values{"answer": {answer}}), "/admin/requests")
	}
	var answered []string
	for _, entry := range d.trailOf("shop") {
		if strings.Contains(entry, consent.AuditAnswered) {
			answered = append(answered, entry)
		}
	}
	if want := "account:admin " + consent.AuditAnswered + " " + asked[0].Digest + " law"; len(answered) != 1 || answered[0] != want {
		t.Errorf("the trail tells of %q", answered)
	}
}
