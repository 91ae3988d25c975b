package outbox

import (
	"errors"
	"path/filepath"
	"strings"
	"testing"

	"github.com/consentry/consentry/internal/consent"
	"github.com/consentry/consentry/internal/storetest"
)

// While the store is away a history is a part of one, and says so.
func TestAPartOfAHistorySaysThatItIsOne(t *testing.T) {
	b := newBench(t, t.TempDir(), brisk(), false)
	subject := storetest.Subject("shop", 0)
	storetest.MustAppend(t, b, storetest.Entry("shop", 0))
	if list, err := b.History(t.Context(), "shop", subject); err != nil || len(list) != 1 {
		t.Errorf("with the store: %d, %v", len(list), err)
	}
	b.store.away.Store(true)
	if list, err := b.History(t.Context(), "shop", subject); !errors.Is(err, consent.ErrUnavailable) || errors.Is(err, consent.ErrPartial) || len(list) != 0 {
		t.Errorf("nothing waits: %d, %v; want ErrUnavailable alone", len(list), err)
	}
	storetest.MustAppend(t, b, storetest.Entry("shop", 1)) // of the same subject
	list, err := b.History(t.Context(), "shop", subject)
	if !errors.Is(err, consent.ErrPartial) || !errors.Is(err, consent.ErrUnavailable) || len(list) != 1 || list[0].Record != storetest.Entry("shop", 1).Record {
		t.Errorf("one waits: %d, %v; want it, and ErrPartial", len(list), err)
	}
	b.store.away.Store(false)
	emptied(t, b.Store)
	if list, err := b.History(t.Context(), "shop", subject); err != nil || len(list) != 2 {
		t.Errorf("the store is back: %d, %v", len(list), err)
	}
}

// A decision that waited, and that the store has with other content, is told; the
// same content is a retry like any other.
func TestADuplicateWithOtherContentIsTold(t *testing.T) {
	dir := t.TempDir()
	var log lockedLog
	o := first()
	o.Log = log.logger()
	inner := &faulty{Store: embedded(t, filepath.Join(dir, "store.db"))}
	s := opened(t, filepath.Join(dir, "outbox"), inner, o)
	drained(t, s)
	inner.away.Store(true)
	for n := range 3 {
		storetest.MustAppend(t, s, storetest.Entry("shop", n))
	}
	storetest.MustAppend(t, inner.Store, storetest.Entry("shop", 0))
	other := storetest.Entry("shop", 1)
	other.Leaf[0] ^= 1
	storetest.MustAppend(t, inner.Store, other)
	inner.away.Store(false)
	emptied(t, s)
	if st := s.Status(); st.Differed != 1 {
		t.Errorf("%d differ, want 1", st.Differed)
	}
	if n := strings.Count(log.String(), "with other content"); n != 1 || !strings.Contains(log.String(), "index=1") {
		t.Errorf("the log tells it %d times:\n%s", n, log.String())
	}
}
