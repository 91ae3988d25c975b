package server_test

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/consentry/consentry/internal/consent"
)

// loadOnce is a decision about one service for one time.
func loadOnce(t *testing.T, r *rig) string {
	t.Helper()
	return fmt.Sprintf(`{"id":%q,"rendering":%q,"locale":"en","layout":"bar","surface":"placeholder","control":"load-once","layer":1,"scope":"once","categories":{},"services":{"youtube":"granted"}}`,
		newID(t), r.site(t, "shop").Rendering)
}

func TestAReceiptHoldsTheWholeHistory(t *testing.T) {
	r := shopRig(t, nil)
	response, body := r.post(t, decision(newID(t), r.site(t, "shop").Rendering, "reject-all", "denied"))
	cookies := response.Cookies()
	for range 60 {
		if response, body = r.post(t, loadOnce(t, r), cookies...); len(response.Cookies()) > 0 {
			cookies = response.Cookies()
		}
	}
	var last struct{ Receipt string }
	if err := json.Unmarshal([]byte(body), &last); err != nil {
		t.Fatal(err)
	}
	records := recordsUnder(t, r, last.Receipt)
	if len(records) != 61 || records[60].Event != consent.Refused {
		t.Errorf("%d records, the last of them %+v", len(records), records[len(records)-1])
	}
	_, page := r.do(t, ask{to: "GET " + last.Receipt}.request(t, r))
	if got := strings.Count(page, `<details class="entry"`); got != 60 {
		t.Errorf("the page shows %d earlier choices", got)
	}
}

// longHistory gives a subject's first entry a thousand times.
type longHistory struct{ consent.Store }

func (s longHistory) History(ctx context.Context, site string, subject consent.ID) ([]consent.Stored, error) {
	list, err := s.Store.History(ctx, site, subject)
	for len(list) > 1 && len(list) < 1002 {
		list = append(list[:1:1], list...)
	}
	return list, err
}

// A receipt that cannot show everything says where the rest is.
func TestALongHistoryGoesOnUnderALink(t *testing.T) {
	r := shopRig(t, func(s consent.Store) consent.Store { return longHistory{s} })
	response, body := r.post(t, decision(newID(t), r.site(t, "shop").Rendering, "reject-all", "denied"))
	var first, last struct{ Receipt string }
	if err := json.Unmarshal([]byte(body), &first); err != nil {
		t.Fatal(err)
	}
	_, body = r.post(t, loadOnce(t, r), response.Cookies()...)
	if err := json.Unmarshal([]byte(body), &last); err != nil {
		t.Fatal(err)
	}
	_, body = r.do(t, ask{to: "GET " + last.Receipt + "?format=json"}.request(t, r))
	var got struct {
		Records []consent.Record
		Earlier string
	}
	if err := json.Unmarshal([]byte(body), &got); err != nil {
		t.Fatal(err)
	}
	if len(got.Records) != 1000 || !strings.HasSuffix(got.Earlier, first.Receipt) {
		t.Errorf("%d records, earlier ones at %q, not %q", len(got.Records), got.Earlier, first.Receipt)
	}
	if _, page := r.do(t, ask{to: "GET " + last.Receipt}.request(t, r)); !strings.Contains(page, `href="`+got.Earlier+`"`) {
		t.Error("the page has no link to the earlier choices")
	}
	if records := recordsUnder(t, r, first.Receipt); len(records) != 1 {
		t.Errorf("%d records under the first link", len(records))
	}
}

// The files for machines are about the record whose link was opened, also when
// another stands in its place, and when that one is erased.
func TestAReceiptsFilesAreOfItsOwnRecord(t *testing.T) {
	r := shopRig(t, nil)
	link, _ := receiptFor(t, r)
	r.do(t, ask{to: "POST " + link, body: "request=objection"}.request(t, r))
	records := recordsUnder(t, r, link)
	if err := r.logs["shop"].Sign(t.Context()); err != nil {
		t.Fatal(err)
	}
	wantOwn := func() {
		t.Helper()
		for format, of := range map[string]string{"jsonld": `"urn:consentry:record:` + records[1].ID.String() + `"`, "proof": "c2sp.org/tlog-proof@v1"} {
			response, body := r.do(t, ask{to: "GET " + link + "?format=" + format}.request(t, r))
			if response.StatusCode != http.StatusOK || !strings.Contains(body, of) || !strings.Contains(response.Header.Get("Content-Disposition"), records[1].ID.String()) {
				t.Errorf("%s: %d %q is not of %s: %s", format, response.StatusCode, response.Header.Get("Content-Disposition"), records[1].ID, body)
			}
		}
	}
	wantOwn()
	next, err := r.store.Record(t.Context(), "shop", records[0].ID)
	if err != nil {
		t.Fatal(err)
	}
	if err := consent.EraseNoted(t.Context(), r.store, "shop", []consent.Stored{next}, r.clock()); err != nil {
		t.Fatal(err)
	}
	wantOwn()
}

// A proof that has to wait for the next checkpoint says so, and for how long.
func TestAProofBeforeItsCheckpoint(t *testing.T) {
	r := shopRig(t, nil)
	for range 2 { // before the log's first checkpoint, and after it
		link, _ := receiptFor(t, r)
		response, _ := r.expect(t, "GET /receipts/{token} 503"+jsonError+"not-signed", ask{to: "GET " + link + "?format=proof"})
		if response.Header.Get("Retry-After") != "30" {
			t.Errorf("Retry-After %q", response.Header.Get("Retry-After"))
		}
		if err := r.logs["shop"].Sign(t.Context()); err != nil {
			t.Fatal(err)
		}
		r.expect(t, "GET /receipts/{token} 200 text/plain", ask{to: "GET " + link + "?format=proof"})
	}
}

// leaving is a store whose caller leaves as soon as it has erased.
type leaving struct {
	consent.Store
	leave func()
}

func (s *leaving) Erase(ctx context.Context, site string, list []consent.Erasure) error {
	err := s.Store.Erase(ctx, site, list)
	s.leave()
	return err
}

// The log notes an erasure although the visitor has left before.
func TestAnErasureIsNotedWithoutItsVisitor(t *testing.T) {
	store := &leaving{}
	r := shopRig(t, func(s consent.Store) consent.Store { store.Store = s; return store })
	link, _ := receiptFor(t, r)
	ctx, leave := context.WithCancel(t.Context())
	store.leave = leave
	request := httptest.NewRequestWithContext(ctx, http.MethodPost, "http://shop.example"+link, nil)
	request.RemoteAddr = "127.0.0.1:1"
	request.Header.Set("Origin", "https://shop.example")
	public, _ := r.server.Handlers()
	public.ServeHTTP(httptest.NewRecorder(), request)
	notes, err := r.store.Artefacts(t.Context(), "shop", consent.ErasureKind)
	if err != nil || len(notes) != 1 || ctx.Err() == nil {
		t.Errorf("%d notes, %v; left: %v\n%s", len(notes), err, ctx.Err(), r.log.String())
	}
}
