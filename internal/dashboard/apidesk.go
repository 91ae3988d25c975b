package dashboard

import (
	"cmp"
	"fmt"
	"slices"
	"time"

	"github.com/labstack/echo/v4"

	"github.com/consentry/consentry/internal/consent"
	"github.com/consentry/consentry/templates"
)

type apiRequest struct {
	Site    string            `json:"site"`
	ID      string            `json:"id"`
	Kind    string            `json:"kind"`
	Reason  string            `json:"reason"`
	Entry   int64             `json:"entry"` // of the record it is about
	At      consent.Timestamp `json:"at"`
	Due     consent.Timestamp `json:"due"`
	Settled *apiSettlement    `json:"settled"`
}

type apiSettlement struct {
	At     consent.Timestamp `json:"at"`
	Done   bool              `json:"done"`
	Reason string            `json:"reason"`
}

// apiRequests lists what visitors asked for, the oldest first.
func (d *Dashboard) apiRequests(c echo.Context) error {
	all, err := d.requested(c)
	if err != nil {
		return err
	}
	return answerJSON(c, map[string]any{"requests": all})
}

func (d *Dashboard) requested(c echo.Context) ([]apiRequest, error) {
	all := []apiRequest{}
	for _, site := range d.sites(c) {
		list, err := d.Requests(c.Request().Context(), site.ID)
		if err != nil {
			return nil, err
		}
		for _, a := range list {
			one := apiRequest{Site: site.ID, ID: a.Digest, Kind: a.Kind, Reason: a.Reason, Entry: a.Entry, At: a.At, Due: consent.At(a.Due())}
			if s := a.Settled; s != nil {
				one.Settled = &apiSettlement{s.At, s.Done, s.Reason}
			}
			all = append(all, one)
		}
	}
	slices.SortStableFunc(all, func(a, b apiRequest) int {
		return cmp.Or(a.At.Compare(b.At.Time), cmp.Compare(a.Site, b.Site))
	})
	return all, nil
}

type apiProof struct {
	Holds  bool   `json:"holds"`
	Broken bool   `json:"broken"`
	Says   string `json:"says"`   // why it was not verified, or does not hold
	Size   int64  `json:"size"`   // of the signed log, 0 when it was not verified
	Origin string `json:"origin"` // that log's name
	File   string `json:"file"`   // the proof itself, as consentry prove writes it; "" when it does not hold
}

// apiRecord gives one record with its proof, verified now. That it was read is
// noted first.
func (d *Dashboard) apiRecord(c echo.Context) error {
	id, err := consent.ParseID(c.Param("record"))
	if err != nil {
		return fmt.Errorf("read record id: %w", consent.ErrNotFound)
	}
	site, stored, err := d.held(c, id)
	if err != nil {
		return fmt.Errorf("find record: %w", err)
	}
	if err := d.noteRead(c, site.ID, stored); err != nil {
		return err
	}
	page := templates.RecordPage{Site: site.ID}
	if err := d.prove(c.Request().Context(), &page, stored); err != nil {
		return err
	}
	return answerJSON(c, recordOf(page, stored))
}

type apiRecordAnswer struct {
	Site   string          `json:"site"`
	Entry  int64           `json:"entry"`
	Erased bool            `json:"erased"`
	Record *consent.Record `json:"record"`
	Proof  apiProof        `json:"proof"`
}

func recordOf(page templates.RecordPage, stored consent.Stored) apiRecordAnswer {
	out := apiRecordAnswer{Site: page.Site, Entry: stored.Index, Erased: stored.Erased, Record: page.Record}
	out.Proof = apiProof{Broken: page.Proof.Broken, Says: page.Proof.Says, File: page.Proof.File}
	if h := page.Proof.Holds; h != nil {
		out.Proof.Holds, out.Proof.Size, out.Proof.Origin = true, h.Size, h.Origin
	}
	return out
}

type apiStateAnswer struct {
	Durability string         `json:"durability"`
	Trouble    string         `json:"trouble"` // what an operator should look at
	Outbox     *apiOutbox     `json:"outbox"`  // null without one, and to who is confined to some sites
	Sites      []apiSiteState `json:"sites"`
}

type apiOutbox struct {
	Away    bool    `json:"away"`
	Failed  bool    `json:"failed"`
	Waiting int     `json:"waiting"`
	Stuck   int     `json:"stuck"`
	Kept    int     `json:"kept"`
	Bytes   int64   `json:"bytes"`
	Limit   int64   `json:"limit"`
	Oldest  float64 `json:"oldest_seconds"`
}

type apiSiteState struct {
	ID     string             `json:"id"`
	Class  string             `json:"retention_class"`
	Oldest *consent.Timestamp `json:"oldest_record"`
	Unread bool               `json:"unread"` // the store cannot say now
	Purge  string             `json:"purge_problem"`
	Log    *apiLog            `json:"log"`
	Kept   []apiKept          `json:"kept"`
	Next   *consent.Timestamp `json:"next_purge"`
	Purges bool               `json:"purging"` // one is being done
	Hold   string             `json:"legal_hold"`
}

// apiKept is how long the records of a class are kept.
type apiKept struct {
	Class  string             `json:"class"`
	Keep   float64            `json:"keep_seconds"` // 0: for ever
	Known  bool               `json:"known"`        // a purge has come to its end since the start
	Oldest *consent.Timestamp `json:"oldest"`       // null without a record
	Bound  bool               `json:"none_older"`   // that is all that is known of it
}

type apiLog struct {
	Entries int64              `json:"entries"`
	Signed  int64              `json:"signed"`
	Waiting *consent.Timestamp `json:"waiting_since"`
	Problem string             `json:"problem"`
	Anchors []apiAnchor        `json:"anchors"`
}

type apiAnchor struct {
	Name    string `json:"name"`
	Entries int64  `json:"entries"`
	Behind  int64  `json:"behind"`
	Problem string `json:"problem"`
}

// apiState says how decisions are kept and signed, now.
func (d *Dashboard) apiState(c echo.Context) error { return answerJSON(c, d.stateNow(c)) }

func (d *Dashboard) stateNow(c echo.Context) apiStateAnswer {
	promise, err := d.Store.Health(c.Request().Context())
	if err != nil {
		promise = consent.Unstated
	}
	out := apiStateAnswer{Durability: string(promise), Trouble: d.proofsFor(c).Trouble, Sites: []apiSiteState{}}
	if d.Outbox != nil && viewerOf(c).scope.All {
		s := d.Outbox()
		out.Outbox = &apiOutbox{s.Away, s.Failed, s.Waiting, s.Stuck, s.Kept, s.Bytes, s.Limit, s.Oldest.Seconds()}
	}
	for _, site := range d.sites(c) {
		for _, log := range site.Logs() {
			out.Sites = append(out.Sites, stateOf(d.siteState(c.Request().Context(), log)))
		}
	}
	return out
}

func stateOf(s templates.SiteState) apiSiteState {
	out := apiSiteState{ID: s.ID, Class: s.Class, Oldest: instant(s.Oldest), Unread: s.Unread, Purge: s.Purge, Kept: []apiKept{}, Next: instant(s.NextPurge), Purges: s.Purging, Hold: s.Hold}
	for _, k := range s.Kept {
		out.Kept = append(out.Kept, apiKept{k.Class, k.Keep.Seconds(), k.Known, instant(k.Oldest), k.NotBefore})
	}
	if s.Log == nil {
		return out
	}
	out.Log = &apiLog{Entries: s.Log.Entries, Signed: s.Log.Signed, Waiting: instant(s.Log.Waiting), Problem: s.Log.Problem, Anchors: []apiAnchor{}}
	for _, a := range s.Log.Anchors {
		out.Log.Anchors = append(out.Log.Anchors, apiAnchor{a.Name, a.Entries, a.Behind, a.Problem})
	}
	return out
}

// instant is nil for no time.
func instant(t time.Time) *consent.Timestamp {
	if t.IsZero() {
		return nil
	}
	at := consent.At(t)
	return &at
}
