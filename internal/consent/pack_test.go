package consent_test

import (
	"bytes"
	"encoding/hex"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/consentry/consentry/internal/consent"
)

func TestACompactRecordIsRegeneratedToTheByte(t *testing.T) {
	r := rand.New(rand.NewPCG(7, 8))
	for range 3000 {
		q := randomRequest(t, r)
		record := decide(t, q).Record
		assertRegenerated(t, &record, q.Asked)
	}
}

func assertRegenerated(t *testing.T, record *consent.Record, f *consent.Frame) {
	t.Helper()
	packed, err := consent.Pack(record, f)
	if err != nil {
		t.Fatal(err)
	}
	again, err := consent.Unpack(packed, record.ID, f)
	if err != nil {
		t.Fatal(err)
	}
	want, err := record.Encode()
	if err != nil {
		t.Fatal(err)
	}
	if got, err := again.Encode(); err != nil || !bytes.Equal(got, want) {
		t.Fatalf("got  %s, %v\nwant %s", got, err, want)
	}
	for n := range packed {
		if r, err := consent.Unpack(packed[:n], record.ID, f); err == nil {
			t.Fatalf("%d of %d bytes are read as %+v", n, len(packed), r)
		}
	}
	if r, err := consent.Unpack(append(packed, 0), record.ID, f); err == nil {
		t.Fatalf("a byte too many is read as %+v", r)
	}
}

// Bytes like these lie in every store, so that this program reads them forever.
func TestACompactRecordStaysWhatItIs(t *testing.T) {
	q := returning(t, shopRequest(t))
	record := decide(t, q).Record
	packed, err := consent.Pack(&record, q.Asked)
	const want = "0101d03030b33777a3f8dc33bd864a0cc03a0aca8a4ae4b0cedbafa935b291f23ca4bbd69498a03480c0c5ef7304010202000101000002444506636f6e666967000202000005000001010001020000020101030000"
	if got := hex.EncodeToString(packed); err != nil || got != want {
		t.Errorf("packed %s, %v, want %s", got, err, want)
	}
	t.Logf("a returning visitor's record takes %d bytes", len(packed))
	if len(packed) > 100 {
		t.Errorf("a record takes %d bytes, want at most 100", len(packed))
	}
}

func TestARecordThatItsFrameDoesNotExplainIsNotPacked(t *testing.T) {
	for name, change := range map[string]func(*consent.Record){
		"schema":              func(r *consent.Record) { r.Schema = "consentry.record/2" },
		"site":                func(r *consent.Record) { r.Site = "other" },
		"controller":          func(r *consent.Record) { r.Controller.Name = "Other" },
		"event":               func(r *consent.Record) { r.Event = "?" },
		"surface":             func(r *consent.Record) { r.Action.Surface = "?" },
		"control":             func(r *consent.Record) { r.Action.Control = "?" },
		"layer":               func(r *consent.Record) { r.Action.Layer = 257 },
		"negative layer":      func(r *consent.Record) { r.Action.Layer = -1 },
		"source of a signal":  func(r *consent.Record) { r.Signals.Source = "?" },
		"notice":              func(r *consent.Record) { r.Notice.Digest = "?" },
		"rendering":           func(r *consent.Record) { r.Notice.Rendering = "?" },
		"gate":                func(r *consent.Record) { r.Notice.Gate = "?" },
		"locale":              func(r *consent.Record) { r.Notice.Locale = "fr" },
		"layout":              func(r *consent.Record) { r.Notice.Layout = "?" },
		"regime":              func(r *consent.Record) { r.Regime.ID = "?" },
		"country":             func(r *consent.Record) { r.Regime.Country = "seventeen letters" },
		"source of a country": func(r *consent.Record) { r.Regime.Source = "seventeen letters" },
		"origin":              func(r *consent.Record) { r.Origin = "https://evil.example" },
		"family":              func(r *consent.Record) { r.UAClass.Family = "?" },
		"form":                func(r *consent.Record) { r.UAClass.Form = "?" },
		"automated":           func(r *consent.Record) { r.Automated = "?" },
		"variant":             func(r *consent.Record) { r.Variant = "?" },
		"retention":           func(r *consent.Record) { r.RetentionClass = "?" },
		"server":              func(r *consent.Record) { r.Server.Key = "?" },
		"default shown":       func(r *consent.Record) { r.DefaultsShown[1].Status = consent.Granted },
		"missing default":     func(r *consent.Record) { r.DefaultsShown = r.DefaultsShown[1:] },
		"no decisions":        func(r *consent.Record) { r.Decisions = nil },
		"time before 1970":    func(r *consent.Record) { r.Time = consent.At(time.UnixMilli(-1)) },
		"time after 9999":     func(r *consent.Record) { r.Validity.Expires = consent.At(time.UnixMilli(253_402_300_800_000)) },
		"category":            func(r *consent.Record) { r.Decisions[1].Category = "?" },
		"service":             func(r *consent.Record) { r.Decisions[1].Service = "youtube" },
		"status":              func(r *consent.Record) { r.Decisions[1].Status = "?" },
		"scope":               func(r *consent.Record) { r.Decisions[1].Scope = "?" },
	} {
		q := shopRequest(t)
		record := decide(t, q).Record
		change(&record)
		if packed, err := consent.Pack(&record, q.Asked); err == nil || packed != nil {
			t.Errorf("%s: packed %x", name, packed)
		}
	}
}

func TestARecordOfALaterVersionIsNotGuessed(t *testing.T) {
	q := shopRequest(t)
	record := decide(t, q).Record
	packed, err := consent.Pack(&record, q.Asked)
	if err != nil {
		t.Fatal(err)
	}
	packed[0]++
	if r, err := consent.Unpack(packed, record.ID, q.Asked); err == nil {
		t.Errorf("read as %+v", r)
	}
}

func FuzzUnpack(f *testing.F) {
	first := shopRequest(f)
	f.Add([]byte{})
	f.Add([]byte{1, 0, 255, 255, 255, 255, 255, 255, 255, 255, 255, 1})
	for _, q := range []consent.Request{first, onlyYouTube(first, "load-once", consent.Once), onlyYouTube(first, "allow-service", consent.Keep)} {
		record := decide(f, q).Record
		packed, err := consent.Pack(&record, q.Asked)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(packed)
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		if r, err := consent.Unpack(b, consent.ID{1}, first.Asked); err == nil {
			assertRegenerated(t, r, first.Asked)
		} else if r != nil {
			t.Fatalf("an error came with %+v", r)
		}
	})
}
