package erasures

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/consentry/consentry/internal/consent"
	"github.com/consentry/consentry/internal/storetest"
)

func erased(records ...int) (list []consent.Erasure) {
	for _, n := range records {
		list = append(list, consent.Erasure{Record: storetest.Entry("shop", n).Record, Time: storetest.Epoch().Add(time.Duration(n) * time.Second)})
	}
	return list
}

func opened(t *testing.T, path string) *List {
	t.Helper()
	l, err := Open(path)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = l.Close() })
	return l
}

func wantListed(t *testing.T, l *List, records ...int) {
	t.Helper()
	for _, e := range erased(records...) {
		if at, ok := l.sites["shop"].listed[e.Record]; !ok || !at.Equal(e.Time) {
			t.Errorf("record %s: listed %t at %v, want %v", e.Record, ok, at, e.Time)
		}
	}
	if n := len(l.sites["shop"].listed); n != len(records) {
		t.Errorf("%d are listed, want %d", n, len(records))
	}
}

func TestListOutlivesItsProcess(t *testing.T) {
	path := filepath.Join(t.TempDir(), "erasures.log")
	l := opened(t, path)
	for _, list := range [][]consent.Erasure{erased(1, 2), erased(2, 3), nil, erased(1)} {
		if err := l.Add("shop", list); err != nil {
			t.Fatal(err)
		}
	}
	wantListed(t, l, 1, 2, 3)
	wantListed(t, opened(t, path), 1, 2, 3)
	info, err := os.Stat(path)
	if err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("file: %v, %v; want mode 0600", info, err)
	}
	text, err := os.ReadFile(path)
	if err != nil || strings.Count(string(text), "\n") != 4 {
		t.Errorf("file: %v\n%s", err, text)
	}
}

// Cut anywhere, the file loses the line that was cut and nothing before it.
func TestTornListIsRead(t *testing.T) {
	path := filepath.Join(t.TempDir(), "erasures.log")
	if err := opened(t, path).Add("shop", erased(1, 2, 3)); err != nil {
		t.Fatal(err)
	}
	whole, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	for cut := range len(whole) {
		if err := os.WriteFile(path, whole[:cut], 0o600); err != nil {
			t.Fatal(err)
		}
		l := opened(t, path)
		if err := l.Add("shop", erased(4)); err != nil {
			t.Fatal(err)
		}
		kept := max(strings.Count(string(whole[:cut]), "\n")-1, 0)
		wantListed(t, l, append([]int{1, 2, 3}[:kept:kept], 4)...)
		wantListed(t, opened(t, path), append([]int{1, 2, 3}[:kept:kept], 4)...)
	}
}

// Damage that no crash does is told, with the line.
func TestDamagedListIsRefused(t *testing.T) {
	path := filepath.Join(t.TempDir(), "erasures.log")
	if err := opened(t, path).Add("shop", erased(1, 2)); err != nil {
		t.Fatal(err)
	}
	whole, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	for at := range len(whole) - 1 { // without its last byte the last line is only torn
		damaged := append([]byte(nil), whole...)
		damaged[at] ^= 1
		if err := os.WriteFile(path, damaged, 0o600); err != nil {
			t.Fatal(err)
		}
		l, err := Open(path)
		if err == nil {
			_ = l.Close()
			t.Errorf("a flipped bit at %d of %q is not noticed", at, whole)
		} else if !strings.Contains(err.Error(), path) {
			t.Errorf("the error does not name the file: %v", err)
		}
	}
}

// What cannot be listed is not erased, and the list takes nothing more.
func TestUnwritableListRefuses(t *testing.T) {
	l := opened(t, filepath.Join(t.TempDir(), "erasures.log"))
	_ = l.file.Close()
	s := Store{Store: nil, List: l}
	for range 2 {
		if err := s.Erase(t.Context(), "shop", erased(1)); !errors.Is(err, consent.ErrUnavailable) || !errors.Is(err, errUnwritable) {
			t.Errorf("erase: %v, want errUnwritable", err)
		}
	}
}
