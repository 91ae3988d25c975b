package templates

import (
	"fmt"
	"strconv"
	"time"

	"github.com/consentry/consentry/internal/consent"
)

// RequestsPage lists what visitors asked for under their receipts.
type RequestsPage struct {
	Nonce    string
	Viewer   Viewer
	Now      time.Time
	Waiting  []RequestRow // the one that is due first comes first
	Answered []RequestRow // newest first
	Unread   []string     // names of sites whose requests cannot be read now
}

// RequestRow is one request. It says nothing about the visitor but which record
// it is about.
type RequestRow struct {
	Site, SiteName string
	Asked          consent.Asked
	Record         string // consent id
	Erased         bool   // the record was erased meanwhile
}

func (r RequestRow) action() string { return "/admin/requests/" + r.Site + "/" + r.Asked.Digest }

func (r RequestRow) what() string {
	switch r.Asked.Kind {
	case consent.Objection:
		return "Objection"
	case consent.ErasureAsked:
		return "Erasure"
	}
	return "Correction"
}

// doable reports whether an operator may say that it is done: of an erasure the
// record tells, and the command that erases it settles the request.
func (r RequestRow) doable() bool { return r.Asked.Kind != consent.ErasureAsked || r.Erased }

// why is what the visitor said, in the words of an operator.
func (r RequestRow) why() string {
	switch r.Asked.Reason {
	case "not-me":
		return "Somebody else decided in their browser, they say."
	case "not-chosen":
		return "They decided something else, they say."
	}
	if r.Asked.Kind == consent.ErasureAsked {
		return "A legal hold forbade it, and they read the reason on their receipt. When the hold has ended: consentry erase " + r.Record + " --yes, which settles this; they can do it themselves too."
	}
	return "Everything optional was switched off at once. See that nothing of theirs is used on other grounds."
}

func (r RequestRow) outcome() string {
	switch s := r.Asked.Settled; {
	case s.Done:
		return "done"
	case s.Reason == "law":
		return "refused: the law requires that it is kept"
	}
	return "refused: the record is right"
}

// dueWords says how long is left, in whole days.
func (r RequestRow) dueWords(now time.Time) string {
	switch left := int(r.Asked.Due().Sub(now) / (24 * time.Hour)); {
	case now.After(r.Asked.Due()):
		late := max(-left, 1)
		return fmt.Sprintf("overdue by %d %s", late, plural(late, "day", "days"))
	case left == 0:
		return "due today"
	default:
		return fmt.Sprintf("%d %s left", left, plural(left, "day", "days"))
	}
}

func (p *RequestsPage) overdue() (n int) {
	for _, r := range p.Waiting {
		if p.Now.After(r.Asked.Due()) {
			n++
		}
	}
	return n
}

func (p *RequestsPage) overdueWords() string {
	n := p.overdue()
	return fmt.Sprintf("%d %s overdue. The law gives a month for each, and a visitor may complain.", n, plural(n, "request is", "requests are"))
}

// RecordPage looks one record up and shows whether its proof holds.
type RecordPage struct {
	Nonce          string
	Viewer         Viewer
	Asked          string // as it was typed
	Problem        string
	Site, SiteName string
	ID             string
	Stored         *consent.Stored // nil before anything was found
	Record         *consent.Record // nil once it was erased
	Proof          ProofState
}

// ProofState is what came of verifying a record's proof.
type ProofState struct {
	Holds  *Inclusion // nil: it was not verified, Says tells why
	File   string     // what consentry prove writes, when it holds
	Broken bool
	Says   string
}

// file leads to the record as a file, by its consent id.
func (p RecordPage) file(name string) string { return "/admin/" + name + "?q=" + p.ID }

// Inclusion is where a record stands in the signed log.
type Inclusion struct {
	Index, Size int64
	Origin      string
}

func (i Inclusion) words() string {
	return fmt.Sprintf("The proof holds, verified now with the log’s public key: entry %s of %s stood there, with exactly this content, when %s entries were signed.",
		grouped(i.Index), i.Origin, grouped(i.Size))
}

func decisionLabel(d consent.RecordDecision) string {
	if d.Service != "" {
		return d.Category + ": " + d.Service
	}
	return d.Category
}

// StatePage shows how decisions are kept and signed.
type StatePage struct {
	Nonce  string
	Viewer Viewer
	Now    time.Time
	Proofs Proofs
	Outbox *OutboxState // nil without one
	Sites  []SiteState
}

// OutboxState is what waits on this server's disk.
type OutboxState struct {
	Away, Failed         bool
	Waiting, Stuck, Kept int
	Bytes, Limit         int64
	Oldest               time.Duration
}

func (o OutboxState) words() string {
	full := "0"
	if o.Limit > 0 {
		full = strconv.FormatInt(o.Bytes*100/o.Limit, 10)
	}
	age := "nothing waits"
	if o.Waiting > 0 {
		age = fmt.Sprintf("%d %s for the store, the oldest for %s", o.Waiting, plural(o.Waiting, "item waits", "items wait"), o.Oldest.Round(time.Second))
	}
	return fmt.Sprintf("%s; %d kept until a checkpoint covers them. The files take %d KB, %s %% of what they may.", age, o.Kept, o.Bytes>>10, full)
}

// SiteState is how one site's records are kept.
type SiteState struct {
	ID, Name string
	Log      *LogState // nil without one
	Class    string    // of retention
	Oldest   time.Time // the oldest record that is left, zero without any
	Reading  bool      // what was pruned before it is still being read past
	Unread   bool      // the store cannot say now
	Purge    string    // why records whose time is over could not be taken away

	Kept      []KeptClass // the class of new records first
	NextPurge time.Time   // zero: not known, or none is ever due
	Purging   bool        // one is being done
	Hold      string      // why nothing is purged; empty: it is
}

// KeptClass is how long the records of a class are kept, and the oldest.
type KeptClass struct {
	Class     string
	Keep      time.Duration // 0: for ever
	Known     bool          // a purge has come to its end since the start
	Oldest    time.Time     // zero: none is kept
	NotBefore bool          // none is older than Oldest, and that is all that is known
}

func (k KeptClass) words() string {
	words := "Class " + k.Class + ": kept for ever, since consentry.yaml names no retention for it"
	if k.Keep > 0 {
		words = fmt.Sprintf("Class %s: kept for %s", k.Class, lengthOf(k.Keep))
	}
	switch {
	case k.Keep == 0:
		return words + "."
	case !k.Known:
		return words + "; the oldest is known once a purge has come to its end here."
	case k.Oldest.IsZero():
		return words + "; no record is kept."
	case k.NotBefore:
		return words + "; no record is older than " + moment(k.Oldest) + "."
	}
	return words + "; the oldest record is of " + moment(k.Oldest) + "."
}

func lengthOf(d time.Duration) string {
	if days := int(d / (24 * time.Hour)); days > 0 {
		return fmt.Sprintf("%d %s", days, plural(days, "day", "days"))
	}
	return d.String()
}

func (s SiteState) purgeWords() string {
	switch {
	case s.Hold != "":
		return "Nothing is purged, under a legal hold: " + s.Hold
	case s.Purging:
		return "A purge is being done."
	case s.NextPurge.IsZero():
		return ""
	}
	return "The next purge is due " + moment(s.NextPurge) + "."
}

// LogState is how far a site's log is signed.
type LogState struct {
	Entries, Signed int64
	Since           time.Time // when this server first saw the newest checkpoint
	Waiting         time.Time // since when an entry waits for one, zero: none does
	Problem         string
	Anchors         []AnchorState
}

// AnchorState is how far a copy outside has come.
type AnchorState struct {
	Name            string
	Entries, Behind int64
	Problem         string
}

func (l LogState) words(now time.Time) string {
	words := fmt.Sprintf("%s of %s entries are under a checkpoint", grouped(l.Signed), grouped(l.Entries))
	if l.Since.IsZero() {
		words += "; none was made here yet."
	} else {
		words += fmt.Sprintf(", which is %s old here.", age(now, l.Since))
	}
	if !l.Waiting.IsZero() {
		words += fmt.Sprintf(" Others have waited for %s.", age(now, l.Waiting))
	}
	return words
}

func (a AnchorState) words() string {
	if a.Problem != "" {
		return a.Name + ": " + a.Problem
	}
	return fmt.Sprintf("%s holds a checkpoint over %s entries, %s behind.", a.Name, grouped(a.Entries), grouped(a.Behind))
}

func (s SiteState) oldestWords() string {
	switch {
	case s.Unread:
		return "The oldest record is not known while the store is away."
	case s.Reading:
		return "Much was pruned; the oldest record is still being looked for. Open this page again."
	case s.Oldest.IsZero():
		return "No record is kept."
	}
	return "The oldest record is of " + moment(s.Oldest) + "; new ones are of the retention class " + s.Class + "."
}

// age is a length of time up to now in whole seconds, never negative.
func age(now, since time.Time) string { return max(now.Sub(since), 0).Round(time.Second).String() }

func moment(t time.Time) string { return t.UTC().Format("2 January 2006, 15:04 UTC") }
