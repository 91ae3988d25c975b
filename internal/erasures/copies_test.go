package erasures

import (
	"context"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/consentry/consentry/internal/consent"
	"github.com/consentry/consentry/internal/outbox"
	"github.com/consentry/consentry/internal/storetest"
)

// shared is a store that two servers have; neither closes it.
type shared struct{ consent.Store }

func (shared) Close() error { return nil }

// away is a store that does not answer.
type away struct{ consent.Store }

func (away) Health(context.Context) (consent.Durability, error) { return "", consent.ErrUnavailable }
func (away) Sites(context.Context) ([]string, error)            { return nil, consent.ErrUnavailable }

func boxed(t *testing.T, dir string, s consent.Store) *outbox.Store {
	t.Helper()
	o, err := outbox.Open(dir, shared{s}, outbox.Options{First: true, Settle: time.Hour, Now: storetest.Epoch})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = o.Close() })
	return o
}

// What another server has erased is in no file of this one's outbox any more once
// its list has learned of it, nor after a crash between the two.
func TestErasuresReachTheOutboxOfAnotherServer(t *testing.T) {
	dir := t.TempDir()
	s := openStore(t, filepath.Join(dir, "store.db"))
	mine := filepath.Join(dir, "outbox")
	front, l := boxed(t, mine, s), opened(t, filepath.Join(dir, "mine.log"))
	var all []consent.Entry
	for n := range 20 {
		all = append(all, storetest.Entry("shop", n))
		storetest.MustAppend(t, front, all[n])
	}
	wantSync(t, l, front, 0)
	before := filepath.Join(dir, "crashed")
	if err := os.CopyFS(before, os.DirFS(mine)); err != nil {
		t.Fatal(err)
	}
	theirs := Store{s, opened(t, filepath.Join(dir, "theirs.log"))}
	for round, n := range []int{3, 7, 8} {
		if err := theirs.Erase(t.Context(), "shop", erased(n)); err != nil {
			t.Fatal(err)
		}
		if storetest.Found(t, mine, all[n:n+1]) == 0 {
			t.Fatal("the secret is not where it was looked for")
		}
		wantSync(t, l, front, 0)
		if found := storetest.Found(t, mine, all[n:n+1]); found > 0 {
			t.Errorf("round %d: %d secrets are still in the outbox", round, found)
		}
	}
	wantListed(t, l, 3, 7, 8)

	crashed := boxed(t, before, away{s})
	if _, err := l.reopened(t).Sync(t.Context(), crashed); err == nil {
		t.Error("a store that is away was brought together with the list")
	}
	gone := []consent.Entry{all[3], all[7], all[8]}
	if found := storetest.Found(t, before, gone); found > 0 {
		t.Errorf("after a crash %d secrets are still in the outbox", found)
	}
	if found := storetest.Found(t, before, all); found == 0 {
		t.Error("the others' are gone as well")
	}
}

func (l *List) reopened(t *testing.T) *List { return opened(t, l.path) }

// What is listed as erased is not kept anew: it is answered as erased, without its
// secrets, and never gets below.
func TestListedRecordsAreNotKeptAnew(t *testing.T) {
	dir := t.TempDir()
	s := Store{openStore(t, filepath.Join(dir, "store.db")), opened(t, filepath.Join(dir, "erasures.log"))}
	if err := s.List.Add("shop", erased(1)); err != nil {
		t.Fatal(err)
	}
	for n, wanted := range []bool{false, true} {
		e := storetest.Entry("shop", n)
		got, dup, err := s.Append(t.Context(), e)
		if err != nil || dup != wanted || got.Erased != wanted || got.Record != e.Record || got.Leaf != e.Leaf {
			t.Errorf("record %d: %+v, dup %t, %v", n, got, dup, err)
		}
		if wanted && (got.Secret != (consent.Secret{}) || got.Receipt != [16]byte{} || len(got.Sealed) > 0 || got.Index != -1) {
			t.Errorf("record %d comes with what was erased: %+v", n, got)
		}
	}
	other := storetest.Entry("other", 1)
	other.Record = storetest.Entry("shop", 1).Record
	if got, _, err := s.Append(t.Context(), other); err != nil || got.Erased {
		t.Errorf("another site's record: erased %t, %v", got.Erased, err)
	}
	if log := storetest.ReadLog(t, s, "shop", 0); len(log) != 1 || log[0].Record.Record != storetest.Entry("shop", 0).Record {
		t.Errorf("the log has %d entries, want the one that is not listed", len(log))
	}
}
