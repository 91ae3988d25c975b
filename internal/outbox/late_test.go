package outbox

import (
	"testing"
	"time"

	"github.com/consentry/consentry/internal/consent"
	"github.com/consentry/consentry/internal/storetest"
)

// A log is told, before they come, of records that have waited for more than a
// day, and of no others.
func TestALogIsToldHowLongRecordsHaveWaited(t *testing.T) {
	var now clock
	o := first()
	o.Settle, o.Now = time.Hour, now.now
	b := newBench(t, t.TempDir(), o, true)
	storetest.MustAppend(t, b, storetest.Entry("shop", 0))
	now.forward(23 * time.Hour)
	b.store.away.Store(false)
	drained(t, b.Store)
	b.store.away.Store(true)
	storetest.MustAppend(t, b, storetest.Entry("shop", 1))
	now.forward(26 * time.Hour)
	b.store.away.Store(false)
	drained(t, b.Store)
	now.forward(48 * time.Hour) // what is in the store and only confirmed is not late
	emptied(t, b.Store)
	var got []string
	for _, e := range storetest.ReadLog(t, b, "shop", 0) {
		got = append(got, e.Kind)
	}
	if len(got) != 3 || got[0] != "" || got[1] != consent.LateKind || got[2] != "" {
		t.Errorf("the log has %q", got)
	}
}
