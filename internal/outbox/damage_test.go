package outbox

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/consentry/consentry/internal/consent"
	"github.com/consentry/consentry/internal/storetest"
)

// absent is a store that is never there.
type absent struct{ consent.Store }

func (absent) Health(context.Context) (consent.Durability, error) { return "", consent.ErrUnavailable }
func (absent) Append(context.Context, consent.Entry) (consent.Stored, bool, error) {
	return consent.Stored{}, false, consent.ErrUnavailable
}
func (absent) Erase(context.Context, string, []consent.Erasure) error {
	return consent.ErrUnavailable
}
func (absent) Record(context.Context, string, consent.ID) (consent.Stored, error) {
	return consent.Stored{}, consent.ErrUnavailable
}
func (absent) Close() error { return nil }

// twoFiles is an outbox of five records: three in an older file, two in the newest.
func twoFiles(t *testing.T) (dir string, files []string, bounds [][]int) {
	t.Helper()
	dir = t.TempDir()
	files = []string{segmentPath(dir, 1), segmentPath(dir, 2)}
	return dir, files, [][]int{writeRecords(t, files[0], 0, 3), writeRecords(t, files[1], 3, 5)}
}

// writeRecords writes a file of records, and returns where each begins and the last
// one ends.
func writeRecords(t *testing.T, path string, from, to int) (bounds []int) {
	t.Helper()
	whole := []byte(magic)
	for n := from; n < to; n++ {
		e := storetest.Entry("shop", n)
		raw, err := encodeRecord(&e)
		if err != nil {
			t.Fatal(err)
		}
		bounds = append(bounds, len(whole))
		whole = append(whole, raw...)
	}
	if err := os.WriteFile(path, whole, 0o600); err != nil {
		t.Fatal(err)
	}
	return append(bounds, len(whole))
}

// under returns which record a byte belongs to.
func under(bounds []int, at int) (nth int) {
	for nth+1 < len(bounds)-1 && at >= bounds[nth+1] {
		nth++
	}
	return nth
}

// wantWaiting wants these of the five records to wait, unharmed, and nothing else.
func wantWaiting(t *testing.T, s *Store, lost map[int]bool, what string) {
	t.Helper()
	for n := range 5 {
		e := storetest.Entry("shop", n)
		got, err := s.Record(t.Context(), "shop", e.Record)
		switch {
		case lost[n] && err == nil:
			t.Errorf("%s: record %d is found", what, n)
		case !lost[n] && (err != nil || got.Secret != e.Secret || got.Erased || !bytes.Equal(got.Sealed, e.Sealed)):
			t.Errorf("%s: record %d: erased %t, %v", what, n, got.Erased, err)
		}
	}
	if st := s.Status(); st.Waiting != 5-len(lost) {
		t.Errorf("%s: %d wait, want %d", what, st.Waiting, 5-len(lost))
	}
}

// A flipped bit anywhere in a file loses its own record and no other one, before or
// behind it, and is told, with the place.
func TestDamageLosesItsRecordAndNoOther(t *testing.T) {
	dir, files, bounds := twoFiles(t)
	for nth, path := range files {
		raw := read(t, path)
		for bit := 8 * len(magic); bit < 8*len(raw); bit += 37 {
			damaged := bytes.Clone(raw)
			damaged[bit/8] ^= 1 << (bit % 8)
			if err := os.WriteFile(path, damaged, 0o600); err != nil {
				t.Fatal(err)
			}
			var log lockedLog
			o := brisk()
			o.Log = log.logger()
			s := opened(t, dir, absent{}, o)
			hit := under(bounds[nth], bit/8)
			frame := bounds[nth][hit+1] - bounds[nth][hit]
			hit += 3 * nth
			wantWaiting(t, s, map[int]bool{hit: true}, fmt.Sprintf("file %d, bit %d", nth, bit))
			torn := hit == 4 && strings.Contains(log.String(), "no whole write and is cut off")
			told := strings.Contains(log.String(), "is damaged") && s.Status().Damaged == int64(frame)
			if !torn && !told || !strings.Contains(log.String(), filepath.Base(path)) {
				t.Errorf("file %d, bit %d: %d bytes are damaged, and the log says\n%s", nth, bit, s.Status().Damaged, log.String())
			}
			_ = s.Close()
		}
		if err := os.WriteFile(path, raw, 0o600); err != nil {
			t.Fatal(err)
		}
	}
}

// Neither zeros nor noise over any stretch of a file costs more than the records
// under it, and what is there can be erased: with what was damaged, since nobody
// knows whose it was.
func TestWipedStretchesLoseWhatStoodThere(t *testing.T) {
	dir, files, bounds := twoFiles(t)
	path, stretch := files[0], 200
	raw := read(t, path)
	for _, fill := range []string{"\x00", "\x01", "\xff"} {
		for from := len(magic); from < len(raw)-stretch; from += 97 {
			damaged := bytes.Clone(raw)
			copy(damaged[from:], strings.Repeat(fill, stretch))
			if err := os.WriteFile(path, damaged, 0o600); err != nil {
				t.Fatal(err)
			}
			lost := map[int]bool{under(bounds[0], from): true, under(bounds[0], from+stretch-1): true}
			s := opened(t, dir, absent{}, brisk())
			wantWaiting(t, s, lost, fmt.Sprintf("%q from %d", fill, from))
			if err := s.Erase(t.Context(), "shop", []consent.Erasure{{Record: storetest.Entry("shop", 4).Record, Time: storetest.Epoch()}}); err != nil {
				t.Fatal(err)
			}
			for n := range lost {
				wantNoSecret(t, dir, storetest.Entry("shop", n))
			}
			_ = s.Close()
			for _, other := range filesOf(t, dir) { // which holds the erasure
				if other != files[0] && other != files[1] {
					_ = os.Remove(other)
				}
			}
			writeRecords(t, files[1], 3, 5) // what was erased
		}
	}
}

// A file of another program, or of a newer version of this one, is left alone.
func TestAForeignFileIsRefused(t *testing.T) {
	dir, files, _ := twoFiles(t)
	raw := read(t, files[0])
	raw[6]++
	if err := os.WriteFile(files[0], raw, 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := Open(dir, absent{}, brisk()); !errors.Is(err, ErrDamaged) || !strings.Contains(err.Error(), filepath.Base(files[0])) {
		t.Errorf("open: %v, want ErrDamaged and the file's name", err)
	}
}
