package consent

import (
	"cmp"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"
)

// Artefacts' kinds by which a log tells of decisions that another tool has made.
const (
	ForeignNoticeKind = "imported-notice"
	ImportKind        = "import"
)

// errForeign is a decision of another tool that cannot be recorded.
var errForeign = errors.New("it cannot be taken over")

// Foreign is a decision that another tool recorded.
type Foreign struct {
	Time     time.Time
	Visitor  string // what that tool calls the visitor; only hashes of it are kept
	Statuses map[string]Status
	Notice   string // digest of the bytes that it was made on; empty: nobody has kept them
	Locale   string
}

// Check says what is wrong with it for a site. Nobody can demonstrate a grant
// without the notice that it was given on.
func (d Foreign) Check(p *Policy, locales []string, now time.Time) error {
	switch {
	case d.Visitor == "":
		return fmt.Errorf("%w: it names no visitor", errForeign)
	case d.Time.Before(time.Unix(0, 0)) || d.Time.After(now):
		return fmt.Errorf("%w: its time is not in the past", errForeign)
	case len(d.Statuses) == 0:
		return fmt.Errorf("%w: it decides about nothing", errForeign)
	case d.Locale != "" && !slices.Contains(locales, d.Locale):
		return fmt.Errorf("%w: the site has no language %q; it has %s", errForeign, d.Locale, strings.Join(locales, ", "))
	}
	for _, id := range slices.Sorted(maps.Keys(d.Statuses)) {
		status := d.Statuses[id]
		known := slices.ContainsFunc(p.Categories, func(c Category) bool { return c.ID == id })
		switch {
		case !known || id == Necessary:
			return fmt.Errorf("%w: the site asks about no category %q; it asks about %s", errForeign, id, askedAbout(p))
		case status != Granted && status != Denied:
			return fmt.Errorf("%w: %s must be granted or denied", errForeign, id)
		case status == Granted && d.Notice == "":
			return fmt.Errorf("%w: %s was granted, and a grant proves nothing without the notice that it was given on; name its file under notice", errForeign, id)
		}
	}
	return nil
}

func askedAbout(p *Policy) string {
	var ids []string
	for _, c := range p.Categories {
		if c.ID != Necessary {
			ids = append(ids, c.ID)
		}
	}
	return strings.Join(ids, ", ")
}

// ForeignFrame is what the records made on one notice of another tool have in
// common. Notice, rendering and gate are the digest of what is kept of it.
func ForeignFrame(s *Site, notice string, server ServerVersion) *Frame {
	f := NewFrame(s.Policy, notice, notice, s.Locales, s.Deployment.Origins, server)
	f.Notice = notice
	for i := range f.Categories {
		// How its switches stood is not known, and the digest is no category's of
		// today: nothing takes effect.
		f.Categories[i].Digest, f.Categories[i].Services, f.Categories[i].Shown = "", []string{}, ""
	}
	return f
}

// Entry makes the record of a decision under a frame of ForeignFrame. The same
// decision makes the same record: importing it twice changes nothing.
func (d Foreign) Entry(f *Frame, keys IdentityKeys) (Entry, error) {
	body, err := f.Encode()
	if err != nil {
		return Entry{}, err
	}
	at := At(d.Time)
	decision := foreignID("decision", f.Site, d.Visitor, at.Format(timeLayout), fmt.Sprint(d.Statuses), f.Notice, d.Locale)
	r := Record{
		Schema: RecordSchema, ID: keys.Record(decision), Site: f.Site, Controller: f.Controller, Subject: ForeignSubject(f.Site, d.Visitor, keys),
		Event: Imported, Time: at, Action: Action{Surface: "api", Control: "api"}, DefaultsShown: f.defaults(), Signals: Signals{Source: "none"},
		Notice:   NoticeRef{Digest: f.Notice, Rendering: f.Rendering, Locale: cmp.Or(d.Locale, f.Locales[0]), Layout: "page", Gate: f.Gate},
		Regime:   RegimeRef{ID: f.Regime, Source: "import"},
		Validity: Validity{Expires: At(at.Add(time.Duration(f.Memory) * time.Second))},
		Origin:   f.Origins[0], UAClass: UAClass{Family: "other", Form: "other"}, Automated: "no", RetentionClass: f.Retention, Server: f.Server,
		Decisions: []RecordDecision{{Category: Necessary, Status: Granted, Scope: Keep}},
	}
	for _, c := range f.Optional() {
		if status, ok := d.Statuses[c.ID]; ok {
			r.Decisions = append(r.Decisions, RecordDecision{Category: c.ID, Status: status, Scope: Keep})
		}
	}
	secret := keys.Secret(decision)
	sealed, leaf, err := SealRecord(&r, f, Digest(body), secret)
	if err != nil {
		return Entry{}, err
	}
	token := keys.Receipt(r.ID)
	hash := sha256.Sum256(token[:])
	return Entry{
		Site: f.Site, Record: r.ID, Subject: r.Subject, Secret: secret, Receipt: [16]byte(hash[:16]), Leaf: leaf, Time: at.Time, Sealed: sealed,
	}, nil
}

// ForeignSubject is the subject of a site's records of whom another tool called
// visitor.
func ForeignSubject(site, visitor string, keys IdentityKeys) ID {
	return keys.Subject(foreignID("visitor", site, visitor))
}

// foreignID stands in the place of an id that a client would have minted.
func foreignID(what string, parts ...string) ID {
	h := sha256.New()
	for _, part := range append([]string{"consentry-import/1", what}, parts...) {
		fmt.Fprintf(h, "%d %s\n", len(part), part)
	}
	return ID(h.Sum(nil)[:16])
}

// importNote is the log's note that decisions of another tool were taken over.
type importNote struct {
	Schema  string    `json:"schema"` // consentry.import/1
	Site    string    `json:"site"`
	At      Timestamp `json:"at"`
	Records int       `json:"records"`
	Granted int       `json:"granted"` // of them grant something
	Source  string    `json:"source"`  // SHA-256 of the file, base64url
}

// NoteImport tells a log that what follows was made by another tool: the times in
// those records are that tool's word.
func NoteImport(ctx context.Context, s Store, site, source string, records, granted int, now time.Time) error {
	return putNote(ctx, s, site, ImportKind, importNote{"consentry.import/1", site, At(now), records, granted, source}, now)
}
