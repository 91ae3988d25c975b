package consent_test

import (
	"testing"
	"time"

	"github.com/consentry/consentry/internal/consent"
)

// The budget of Decide and SealRecord together is 25 µs of one core: the CPU
// that every decision costs beside its HTTP request and its store.
func BenchmarkDecideAndSeal(b *testing.B) {
	q := shopRequest(b)
	_, digest := frameDigest(b, q.Asked)
	b.ReportAllocs()
	for b.Loop() {
		out, err := consent.Decide(q)
		if err != nil {
			b.Fatal(err)
		}
		if _, _, err := consent.SealRecord(&out.Record, q.Asked, digest, q.Keys.Secret(q.Decision.ID)); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkDecide(b *testing.B) {
	q := shopRequest(b)
	b.ReportAllocs()
	for b.Loop() {
		if _, err := consent.Decide(q); err != nil {
			b.Fatal(err)
		}
	}
}

// What every decision pays for naming its counters, beside what the store does with
// them.
func BenchmarkDecisionCounts(b *testing.B) {
	q := shopRequest(b)
	out, err := consent.Decide(q)
	if err != nil {
		b.Fatal(err)
	}
	at := consent.Moment{Time: shopTime, Zone: time.UTC}
	b.ReportAllocs()
	for b.Loop() {
		out.Counts(q.Asked, at)
	}
}

func BenchmarkEncodeRecord(b *testing.B) {
	q := shopRequest(b)
	out, err := consent.Decide(q)
	if err != nil {
		b.Fatal(err)
	}
	b.ReportAllocs()
	for b.Loop() {
		if _, err := out.Record.Encode(); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkOpenRecord(b *testing.B) {
	s, f, _ := sealedShopRecord(b)
	b.ReportAllocs()
	for b.Loop() {
		if _, err := consent.OpenRecord(s, f); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkParseHint(b *testing.B) {
	hint := consent.FormatHint(consent.State{
		Expires:    time.Unix(1_800_000_000, 0),
		Categories: map[string]consent.Choice{"analytics": {Status: consent.Granted, Digest: "abcdefgh"}, "share": {Status: consent.Denied, Digest: "ijklmnop"}},
		Services:   map[string]consent.Status{"youtube": consent.Granted},
	})
	b.ReportAllocs()
	for b.Loop() {
		if _, err := consent.ParseHint(hint); err != nil {
			b.Fatal(err)
		}
	}
}
