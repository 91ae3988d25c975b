package translog

import (
	"encoding/base64"
	"math/rand/v2"
	"os"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/consentry/consentry/internal/consent"
)

func checked(t testing.TB, o CheckOptions) Report {
	t.Helper()
	report, err := Check(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	return report
}

func TestAWholeLogIsFoundWhole(t *testing.T) {
	store, s, l := shopLog(t, 1300)
	store.log[40].record.Erased, store.log[40].record.Secret = true, consent.Secret{}
	store.log[41].record.Erased, store.log[41].record.Secret = true, consent.Secret{}
	store.erasures = []consent.Erasure{{Record: store.log[40].record.Record, Time: testTime}, {Record: store.log[41].record.Record, Time: testTime}}
	copied := store.checkpoint
	s.visit(t, store, 10)
	sign(t, l)
	s.visit(t, store, 4)
	noteErasure(t, store, 40)
	var last int64
	report := checked(t, CheckOptions{
		Site: "shop", Store: store, Keys: testKeys(t, l), Receipt: s.receipt, Workers: 3,
		Copies:   []Copy{{Where: "a file", Raw: copied}, {Where: "the paper", Raw: store.checkpoint}, {Where: "a torn one", Raw: copied[:80]}},
		Progress: func(done, of int64) { last = done },
	})
	if report.Difference != nil || report.Records != 1312 || report.Erased != 2 || report.Unnoted != 1 || report.Artefacts != 2 || report.Size != 1316 ||
		report.Signed.Size != 1311 || report.Copies != 2 || strings.Join(report.Torn, ",") != "a torn one" || last != 1316 {
		t.Errorf("report %+v, progress ended at %d", report, last)
	}
	if empty := checked(t, CheckOptions{Site: "shop", Store: newFakeStore(), Keys: testKeys(t, l)}); empty.Difference != nil || empty.Size != 0 {
		t.Errorf("an empty log: %+v", empty)
	}
}

// flips is a bit in a stored log, and which entry it belongs to.
type flip struct {
	what  string
	part  []byte
	index int64
}

// flippable lists the bytes of a fake store, all that the check is about.
func flippable(store *fakeStore) (list []flip) {
	for i := range store.log {
		e := &store.log[i]
		at := int64(i)
		list = append(list, flip{"leaf", e.leaf[:], at})
		if r := e.record; r != nil && !r.Erased {
			list = append(list, flip{"sealed", r.Sealed, at}, flip{"secret", r.Secret[:], at}, flip{"record id", r.Record[:], at},
				flip{"subject", r.Subject[:], at}, flip{"receipt", r.Receipt[:], at})
		}
		if e.artefact != nil {
			list = append(list, flip{"artefact", e.artefact.Body, at})
		}
	}
	for name, body := range store.tiles {
		list = append(list, flip{name, body, -1})
	}
	return append(list, flip{"checkpoint", store.checkpoint, -1})
}

// record leaves in the fake store are kept twice; a store has them once.
func (s *fakeStore) shareLeaves() {
	for i := range s.log {
		if r := s.log[i].record; r != nil {
			r.Leaf = [32]byte{}
		}
	}
}

// Every single bit of a small log is covered: leaves, records, secrets, what they
// are found by, notices, checkpoint.
func TestEveryFlippedBitOfASmallLogIsFound(t *testing.T) {
	store, s, l := shopLog(t, 6)
	store.log[3].record.Erased, store.log[3].record.Secret = true, consent.Secret{}
	store.erasures = []consent.Erasure{{Record: store.log[3].record.Record, Time: testTime}}
	store.shareLeaves()
	o := CheckOptions{Site: "shop", Store: store, Keys: testKeys(t, l), Receipt: s.receipt}
	store.checkpoint = append([]byte(nil), store.checkpoint...)
	flips, bits := 0, 8
	if testing.Short() {
		bits = 1
	}
	for _, f := range flippable(store) {
		for i := range f.part {
			for bit := range bits {
				f.part[i] ^= 1 << bit
				flips++
				report := checked(t, o)
				if d := report.Difference; d == nil {
					t.Fatalf("bit %d of byte %d of the %s of entry %d is not found", bit, i, f.what, f.index)
				} else if f.index >= 0 && store.log[f.index].record != nil && !store.log[f.index].record.Erased && d.Index != f.index {
					t.Fatalf("bit %d of byte %d of the %s of entry %d is reported as %v", bit, i, f.what, f.index, d)
				}
				f.part[i] ^= 1 << bit
			}
		}
	}
	if d := checked(t, o).Difference; d != nil {
		t.Fatalf("the unharmed log: %v", d)
	}
	t.Logf("%d flips", flips)
}

// On a log with stored tiles, random bits of everything.
func TestRandomFlippedBitsOfALargeLogAreFound(t *testing.T) {
	store, s, l := shopLog(t, 400)
	store.grow(66_000)
	notePurge(t, store, 401, 66_400)
	s.visit(t, store, 100)
	sign(t, l)
	store.shareLeaves()
	o := CheckOptions{Site: "shop", Store: store, Keys: testKeys(t, l), Receipt: s.receipt, Workers: 2}
	all, tiles := flippable(store), 0
	random := rand.New(rand.NewPCG(3, 4))
	tries := 120
	if testing.Short() {
		tries = 12
	}
	for n := range tries {
		f := all[random.IntN(len(all))]
		if n%3 == 0 {
			f = all[len(all)-2] // a tile
			tiles++
		}
		i, bit := random.IntN(len(f.part)), random.IntN(8)
		f.part[i] ^= 1 << bit
		if d := checked(t, o).Difference; d == nil || n%3 == 0 && d.What != "tile" {
			t.Fatalf("bit %d of byte %d of the %s of entry %d: %v", bit, i, f.what, f.index, d)
		}
		f.part[i] ^= 1 << bit
	}
	if d := checked(t, o).Difference; d != nil || tiles == 0 || len(store.tiles) != 1 {
		t.Fatalf("the unharmed log: %v", d)
	}
}

// What differs is named, with the first entry that it touches.
func TestDifferencesAreNamed(t *testing.T) {
	build := func() (*fakeStore, CheckOptions, func()) {
		store, s, l := shopLog(t, 20)
		o := CheckOptions{Site: "shop", Store: store, Keys: testKeys(t, l), Receipt: s.receipt}
		return store, o, func() { s.visit(t, store, 1); sign(t, l) }
	}
	for says, change := range map[string]func(*fakeStore, *CheckOptions, func()){
		"checkpoint 21: the store has one over 21 entries, and the log has 15": func(s *fakeStore, _ *CheckOptions, _ func()) { s.log = s.log[:15] },
		"checkpoint 21: over its first 21 entries the log has root":            func(s *fakeStore, _ *CheckOptions, _ func()) { s.log[4], s.log[5] = s.log[5], s.log[4] },
		"entry 7: the record is filed under another time":                      func(s *fakeStore, _ *CheckOptions, _ func()) { s.log[7].record.Time = testTime },
		"entry 0: the stored frame is not the one that was logged":             func(s *fakeStore, _ *CheckOptions, _ func()) { s.log[0].artefact.Body = []byte("{}") },
		"entry 0: kind, digest or time of the frame":                           func(s *fakeStore, _ *CheckOptions, _ func()) { s.log[0].artefact.Time = testTime.Add(time.Second) },
		"checkpoint: the store's is not signed by this log's key": func(s *fakeStore, o *CheckOptions, _ func()) {
			o.Keys = []string{strings.Split(newTestWitness(t).key, "\n")[0]}
		},
		"checkpoint: 1 of the signatures on the store's are by nobody known": func(s *fakeStore, _ *CheckOptions, _ func()) {
			s.checkpoint = append(s.checkpoint, "— w.example "+base64.StdEncoding.EncodeToString(make([]byte, 68))+"\n"...)
		},
		"checkpoint 22: a copy has one over 22 entries, and the log has 21": func(s *fakeStore, o *CheckOptions, more func()) {
			old := s.copied()
			more()
			o.Copies = []Copy{{Where: "a copy", Raw: s.checkpoint}}
			s.log, s.checkpoint = old.log, old.checkpoint
		},
	} {
		store, o, more := build()
		change(store, &o, more)
		if d := checked(t, o).Difference; d == nil || !strings.HasPrefix(d.Error(), says) {
			t.Errorf("found %v, want %q", d, says)
		}
	}
}

// The time for a million records; CONSENTRY_MILLION=1 measures it whole.
func BenchmarkCheck(b *testing.B) {
	n := 20_000
	if os.Getenv("CONSENTRY_MILLION") != "" {
		n = 1_000_000
	}
	store, s, l := shopLog(b, n)
	keys := testKeys(b, l)
	for b.Loop() {
		if report := checked(b, CheckOptions{Site: "shop", Store: store, Keys: keys, Receipt: s.receipt, Workers: 2}); report.Difference != nil {
			b.Fatal(report.Difference)
		}
	}
	b.ReportMetric(b.Elapsed().Seconds()/float64(b.N)/float64(n)*1e6, "s/million")
	b.Log(strconv.Itoa(n) + " records")
}
