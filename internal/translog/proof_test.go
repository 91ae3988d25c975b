package translog

import (
	"bytes"
	"errors"
	"reflect"
	"strings"
	"testing"

	"github.com/consentry/consentry/internal/consent"
)

// shopLog is a signed log with a frame and n visitors' records.
func shopLog(t testing.TB, n int) (*fakeStore, *shop, *Log) {
	t.Helper()
	store := newFakeStore()
	l, _ := begun(t, store)
	s := newShop(t, store)
	s.visit(t, store, n)
	sign(t, l)
	return store, s, l
}

func (s *shop) open(t testing.TB, e entry) *consent.Record {
	t.Helper()
	r, err := consent.OpenRecord(*e.record, s.frame)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// A record's proof is one file that anybody verifies with the log's public key.
func TestAProofVerifiesOffline(t *testing.T) {
	store, s, l := shopLog(t, 300)
	keys := testKeys(t, l)
	for _, index := range []int64{1, 2, 255, 256, 257, 300} {
		stored := *store.log[index].record
		stored.Index = index
		want := s.open(t, store.log[index])
		p, err := l.ProveRecord(t.Context(), stored, want)
		if err != nil {
			t.Fatal(err)
		}
		read, err := ParseProof(p.Format())
		if err != nil || !reflect.DeepEqual(read, p) {
			t.Fatalf("read %+v, %v", read, err)
		}
		v, err := Verify(read, keys...)
		if err != nil || v.Index != index || v.Size != 301 || v.Origin != testOrigin || !reflect.DeepEqual(v.Record, want) {
			t.Errorf("verified %+v, %v", v, err)
		}
	}
	frames, err := store.Artefacts(t.Context(), "shop", "frame")
	if err != nil {
		t.Fatal(err)
	}
	p, err := l.ProveArtefact(t.Context(), frames[0])
	if err != nil {
		t.Fatal(err)
	}
	read, err := ParseProof(p.Format())
	if err != nil {
		t.Fatal(err)
	}
	if v, err := Verify(read, keys...); err != nil || v.Record != nil || v.Artefact.Kind != "frame" || v.Artefact.Digest != s.digest {
		t.Errorf("verified %+v, %v", v, err)
	}
}

// provenFile is the proof file of a log's fifth entry.
func provenFile(t *testing.T) (*Log, []byte) {
	t.Helper()
	store, s, l := shopLog(t, 9)
	stored := *store.log[4].record
	stored.Index = 4
	p, err := l.ProveRecord(t.Context(), stored, s.open(t, store.log[4]))
	if err != nil {
		t.Fatal(err)
	}
	return l, p.Format()
}

// Any flipped bit of a proof file is noticed.
func TestAFlippedBitInAProofIsNoticed(t *testing.T) {
	l, file := provenFile(t)
	keys := testKeys(t, l)
	for i := range file {
		for bit := range 8 {
			file[i] ^= 1 << bit
			if read, err := ParseProof(file); err == nil {
				if v, err := Verify(read, keys...); err == nil {
					t.Fatalf("bit %d of byte %d: verified %+v:\n%s", bit, i, v, file)
				}
			} else if !errors.Is(err, ErrProof) {
				t.Fatal(err)
			}
			file[i] ^= 1 << bit
		}
	}
}

// A file that was not fetched whole says so, wherever it breaks off.
func TestAProofThatBreaksOffSaysSo(t *testing.T) {
	_, file := provenFile(t)
	for n := len(proofHeader); n < len(file); n++ {
		if _, err := ParseProof(file[:n]); !errors.Is(err, ErrProof) || !strings.Contains(err.Error(), "ends too early; fetch it again") {
			t.Fatalf("%d of %d bytes: %v", n, len(file), err)
		}
	}
}

func TestWhatCannotBeProven(t *testing.T) {
	store, s, l := shopLog(t, 5)
	newest := *store.log[5].record
	newest.Index = 6
	if _, err := l.ProveRecord(t.Context(), newest, s.open(t, store.log[5])); !errors.Is(err, ErrNotSigned) {
		t.Errorf("a record that no checkpoint covers: %v", err)
	}
	erased := *store.log[3].record
	erased.Erased = true
	if _, err := l.ProveRecord(t.Context(), erased, nil); !errors.Is(err, consent.ErrErased) {
		t.Errorf("an erased record: %v", err)
	}
	wrong := *store.log[3].record
	wrong.Index = 2
	if _, err := l.ProveRecord(t.Context(), wrong, s.open(t, store.log[3])); err == nil || !strings.Contains(err.Error(), "consentry verify") {
		t.Errorf("a record in another's place: %v", err)
	}
	fresh, _ := begun(t, newFakeStore())
	if _, err := fresh.ProveRecord(t.Context(), wrong, s.open(t, store.log[3])); !errors.Is(err, consent.ErrNotFound) {
		t.Errorf("before the first checkpoint: %v", err)
	}
}

// A proof by another log, or by a witness alone, proves nothing.
func TestAProofNeedsTheLogsOwnKey(t *testing.T) {
	store, s, l := shopLog(t, 5)
	stored := *store.log[3].record
	stored.Index = 3
	p, err := l.ProveRecord(t.Context(), stored, s.open(t, store.log[3]))
	if err != nil {
		t.Fatal(err)
	}
	other, _ := begun(t, newFakeStore(), func(o *Options) { o.Origin = "other.example/log" })
	witness := newTestWitness(t, testKeys(t, l)...)
	for name, keys := range map[string][]string{
		"no key": nil, "another log's": testKeys(t, other), "a witness's": {witness.key},
	} {
		if v, err := Verify(p, keys...); !errors.Is(err, ErrProof) {
			t.Errorf("%s: %+v, %v", name, v, err)
		}
	}
	if _, err := Verify(p, "no key at all"); err == nil {
		t.Error("a key that is none was passed over")
	}
}

func FuzzParseProof(f *testing.F) {
	store, s, l := shopLog(f, 5)
	stored := *store.log[3].record
	stored.Index = 3
	p, err := l.ProveRecord(f.Context(), stored, s.open(f, store.log[3]))
	if err != nil {
		f.Fatal(err)
	}
	keys := testKeys(f, l)
	f.Add(p.Format())
	f.Add([]byte(proofHeader + "\nextra \nindex 0\n\n"))
	f.Fuzz(func(t *testing.T, file []byte) {
		read, err := ParseProof(file)
		if err != nil {
			return
		}
		if !bytes.Equal(read.Format(), file) {
			t.Error("it is read and not written alike")
		}
		if _, err := Verify(read, keys...); err == nil && !bytes.Equal(file, p.Format()) {
			t.Errorf("a forged proof holds:\n%s", file)
		}
	})
}
