package api

import (
	"context"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"net/http"
	"time"

	"github.com/labstack/echo/v4"

	"github.com/consentry/consentry/internal/consent"
)

// attempt is one decision on its way to the store, however it arrived.
type attempt struct {
	decision consent.Decision
	sealed   *consent.Sealed // what the visitor's authority says now
	hint     *consent.State
	origin   string
	js       bool
}

// verdict is what the visitor is told.
type verdict struct {
	sealed *consent.Sealed // nil: no cookie changes
	hint   consent.State
	record *consent.Record // nil: not recorded yet
}

// decide records an attempt. When the store cannot, a refusal or withdrawal
// still takes effect, without a record for now; anything that would permit more
// is an error and permits nothing.
func (a *API) decide(c echo.Context, s *Site, t attempt) (verdict, error) {
	r := c.Request()
	visitors, ruling := s.served(c, &t.decision)
	asked, err := a.asked(r.Context(), s, visitors, t.decision.Rendering)
	if err != nil {
		return verdict{}, err
	}
	request := consent.Request{
		Decision: t.decision, Asked: asked, Policy: s.Policy, Previous: t.sealed, Hint: t.hint,
		Keys: s.keys, Origin: t.origin, JS: t.js, Now: a.now(),
		UA: classify(r.Header), Signals: signals(r.Header, &t.decision),
		Regime: s.regimeRef(c, ruling), Ruling: ruling,
	}
	out, err := consent.Decide(request)
	if err != nil {
		return verdict{}, err
	}
	out.Record.Variant = asked.Variant()
	v, err := a.record(r.Context(), s, asked, out, t, s.moment(c, request.Now))
	if err == nil || out.Grants || t.decision.Scope == consent.Once || !(errors.Is(err, consent.ErrUnavailable) || errors.Is(err, consent.ErrBusy)) {
		return v, err
	}
	a.Log.WarnContext(r.Context(), "a refusal waits for its record", "site", s.ID, "error", err)
	return verdict{hint: out.Next}, nil
}

// record appends the outcome, or finds the record of an earlier try.
func (a *API) record(ctx context.Context, s *Site, asked *consent.Frame, out consent.Outcome, t attempt, at consent.Moment) (verdict, error) {
	entry, err := s.entry(asked, &out, t.decision.ID, at)
	if err != nil {
		return verdict{}, err
	}
	stored, dup, err := a.Store.Append(ctx, entry)
	if err != nil {
		return verdict{}, err
	}
	if dup {
		return a.repeat(ctx, s, stored, t)
	}
	if stored.Erased { // before it came: nothing of it was kept
		return verdict{}, ErrErased
	}
	if a.Observe != nil {
		a.Observe(s.ID, out.Record.Outcome())
	}
	return newVerdict(&out.Record, out.Sealed), nil
}

func newVerdict(record *consent.Record, sealed *consent.Sealed) verdict {
	v := verdict{sealed: sealed, record: record}
	if sealed != nil {
		v.hint = sealed.State()
	}
	return v
}

// narrowed is the verdict to somebody whose hint may have been narrowed since, by a
// withdrawal that waits for its record.
func (v verdict) narrowed(hint *consent.State, now time.Time) verdict {
	if v.sealed != nil && hint != nil && now.Before(hint.Expires) {
		v.hint = consent.And(v.hint, *hint)
	}
	return v
}

// repeat gives the answer of an earlier try once more. A choice that the visitor
// made after it stays: a late retry of a grant must not undo a withdrawal.
func (a *API) repeat(ctx context.Context, s *Site, stored consent.Stored, t attempt) (verdict, error) {
	record, frame, err := a.open(ctx, s, stored)
	if err != nil {
		return verdict{}, err
	}
	if t.sealed == nil || s.keys.Subject(t.sealed.Visitor) != record.Subject {
		return newVerdict(record, consent.Seal(record, s.keys.Visitor(t.decision.ID), frame, s.Policy)), nil
	}
	again := newVerdict(record, consent.Seal(record, t.sealed.Visitor, frame, s.Policy))
	follows := record.Previous != nil && *record.Previous == t.sealed.Record
	switch {
	case t.sealed.Record == record.ID:
		return again.narrowed(t.hint, a.Now()), nil
	case !follows && t.sealed.Issued >= record.Time.Unix():
		return newVerdict(record, t.sealed).narrowed(t.hint, a.Now()), nil
	}
	return again, nil
}

func (s *Site) entry(asked *consent.Frame, out *consent.Outcome, decision consent.ID, at consent.Moment) (consent.Entry, error) {
	digest, err := s.digestOf(asked)
	if err != nil {
		return consent.Entry{}, err
	}
	secret := s.keys.Secret(decision)
	sealed, leaf, err := consent.SealRecord(&out.Record, asked, digest, secret)
	if err != nil {
		return consent.Entry{}, err
	}
	return consent.Entry{
		Site: s.ID, Record: out.Record.ID, Subject: out.Record.Subject, Secret: secret,
		Receipt: receiptHash(s.keys.Receipt(out.Record.ID)), Leaf: leaf, Time: out.Record.Time.Time,
		Sealed: sealed, Counts: out.Counts(asked, at),
	}, nil
}

// digestOf names a frame: today's without encoding it again.
func (s *Site) digestOf(f *consent.Frame) (string, error) {
	if f == s.frame {
		return s.frameDigest, nil
	}
	for _, a := range s.others {
		if f == a.frame {
			return a.frameDigest, nil
		}
	}
	b, err := f.Encode()
	return consent.Digest(b), err
}

func receiptHash(token [32]byte) [16]byte {
	whole := sha256.Sum256(token[:])
	return [16]byte(whole[:16])
}

// receiptPath is the receipt's address relative to the site's base.
func (s *Site) receiptPath(record consent.ID) string {
	token := s.keys.Receipt(record)
	return "/receipts/" + base64.RawURLEncoding.EncodeToString(append(record[:], token[:]...))
}

// signals reads Sec-GPC and DNT as the browser sent them, and what its script
// saw. Only the exact value 1 counts; duplicates joined by a proxy count once.
func signals(h http.Header, d *consent.Decision) consent.Signals {
	gpc, dnt := hasOne(h.Values("Sec-Gpc")), hasOne(h.Values("Dnt"))
	s := consent.Signals{GPC: gpc || d.GPC, DNT: dnt || d.DNT, Source: "none"}
	switch header, script := gpc || dnt, d.GPC || d.DNT; {
	case header && script:
		s.Source = "both"
	case script:
		s.Source = "script"
	case header:
		s.Source = "header"
	}
	return s
}
