package consent

import (
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"time"
)

// AnswerWithin is how long an operator has for a visitor's request: the month
// of GDPR Art. 12(3), counted as thirty days.
const AnswerWithin = 30 * 24 * time.Hour

// The kinds of requests that a visitor makes on a receipt.
const (
	Objection  = "objection"  // takes effect at once; the operator sees to the rest
	Correction = "correction" // the operator looks into it and supersedes the record

	// ErasureAsked is an erasure that a legal hold forbade: the visitor was told why,
	// and it is done once the records are erased.
	ErasureAsked = "erasure"
)

// The kinds of artefacts under which requests and their settlements are logged.
const (
	requestKind    = "request"
	settlementKind = "settlement"
)

var (
	// correctionReasons are what a visitor may say is wrong, refusalReasons why an
	// operator may refuse. There is no free text.
	correctionReasons = [...]string{"not-me", "not-chosen"}
	refusalReasons    = [...]string{"record-right", "law"}
)

// ErrRequest is a request or settlement that cannot be made.
var ErrRequest = errors.New("there is no such request")

// VisitorRequest is what a visitor asked for under a receipt link, as the log keeps it.
// It names the record by its place in the log, and holds no word of the visitor's.
type VisitorRequest struct {
	Schema string    `json:"schema"` // consentry.request/1
	Site   string    `json:"site"`
	Entry  int64     `json:"entry"`
	Kind   string    `json:"kind"`
	Reason string    `json:"reason,omitempty"` // of a correction
	At     Timestamp `json:"at"`
}

// Settlement is what an operator answered.
type Settlement struct {
	Schema  string    `json:"schema"` // consentry.settlement/1
	Site    string    `json:"site"`
	Request string    `json:"request"` // its digest
	Done    bool      `json:"done"`
	Reason  string    `json:"reason,omitempty"` // why it was refused
	At      Timestamp `json:"at"`
}

// Check reports whether the kind and the reason are among those that there are.
func (r VisitorRequest) Check() error {
	if (r.Kind == Objection || r.Kind == ErasureAsked) && r.Reason == "" || r.Kind == Correction && slices.Contains(correctionReasons[:], r.Reason) {
		return nil
	}
	return ErrRequest
}

// Artefact checks a request and returns it as the log takes it.
func (r VisitorRequest) Artefact() (Artefact, error) {
	if err := r.Check(); err != nil || r.Entry < 0 {
		return Artefact{}, ErrRequest
	}
	r.Schema = "consentry.request/1"
	return noteOf(requestKind, r, r.At)
}

// Artefact checks a settlement and returns it as the log takes it.
func (s Settlement) Artefact() (Artefact, error) {
	if s.Done != (s.Reason == "") || s.Reason != "" && !slices.Contains(refusalReasons[:], s.Reason) {
		return Artefact{}, ErrRequest
	}
	s.Schema = "consentry.settlement/1"
	return noteOf(settlementKind, s, s.At)
}

func noteOf(kind string, v any, at Timestamp) (Artefact, error) {
	body, err := Canonical(v)
	if err != nil {
		return Artefact{}, err
	}
	a := Artefact{Kind: kind, Digest: Digest(body), Time: at.Time, Body: body}
	a.Leaf = ArtefactLeaf(a)
	return a, nil
}

// Asked is a request and what became of it.
type Asked struct {
	VisitorRequest
	Digest  string
	Settled *Settlement // nil while it waits
}

// Due is when it must have been answered.
func (a Asked) Due() time.Time { return a.At.Add(AnswerWithin) }

// Waits reports whether an operator has to act.
func (a Asked) Waits() bool { return a.Settled == nil }

// Stands reports whether another request of the kind about the same record says
// nothing more. One for erasure may be made again after it was answered, for holds
// end.
func (a Asked) Stands(ask VisitorRequest) bool {
	return a.Entry == ask.Entry && a.Kind == ask.Kind &&
		(a.Kind != ErasureAsked || a.Waits() || !ask.At.After(a.Settled.At.Time))
}

func readNote[T any](schema string, body []byte) (note T, err error) {
	var head struct {
		Schema string `json:"schema"`
	}
	if err = json.Unmarshal(body, &head); err == nil {
		err = json.Unmarshal(body, &note)
	}
	if err == nil && head.Schema != schema {
		err = fmt.Errorf("schema %q is not %q", head.Schema, schema)
	}
	return note, err
}

// SupersedingDecision is the decision id that the record in the place of another
// follows from.
func SupersedingDecision(site string, replaced ID, event Event) ID {
	seed := sha256.Sum256([]byte("consentry/1/" + string(event) + "/" + site + "/" + replaced.String()))
	return ID(seed[:16])
}

// Supersede returns the record that takes the place of r, made under frame f,
// and the decision id that it follows from: the same for every try. Under it
// nothing optional is permitted, since what a record wrongly says cannot grant.
func Supersede(r *Record, f *Frame, k IdentityKeys, event Event, now time.Time) (Record, ID) {
	decision, replaced := SupersedingDecision(r.Site, r.ID, event), r.ID
	next := *r
	next.ID, next.Previous, next.Event, next.Time = k.Record(decision), &replaced, event, At(now)
	next.Action = Action{Surface: "receipt", Control: "object", Layer: 2}
	if event == Corrected {
		next.Action.Control = "correct"
	}
	next.Signals, next.Automated, next.Notice.Layout = Signals{Source: "none"}, "no", "page"
	next.Validity.Expires = At(now.Add(time.Duration(f.Memory) * time.Second))
	next.Decisions = []RecordDecision{{Category: Necessary, Status: Granted, Scope: Keep}}
	for _, c := range f.Optional() {
		next.Decisions = append(next.Decisions, RecordDecision{Category: c.ID, Status: Denied, Scope: Keep})
	}
	return next, decision
}
