package outbox

import (
	"context"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/consentry/consentry/internal/consent"
	"github.com/consentry/consentry/internal/storetest"
)

// clock is a time that begins with the entries' and that a test moves on.
type clock struct {
	mu    sync.Mutex
	begun time.Time
	ahead time.Duration
}

func (c *clock) now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.begun.IsZero() {
		c.begun = time.Now()
	}
	return storetest.Epoch().Add(time.Since(c.begun) + c.ahead)
}

func (c *clock) forward(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.ahead += d
}

// promising is a store whose server can be exchanged and that promises what a test
// says.
type promising struct {
	replaced
	promise consent.Durability
}

func (p *promising) Health(ctx context.Context) (consent.Durability, error) {
	_, err := p.faulty.Health(ctx)
	return p.promise, err
}

// What was acknowledged as durable and handed to a store that only syncs every
// second is still here when that one has lost its last second, and is appended
// again; a store that has it on its disk is asked once.
func TestWhatIsHandedOverStaysUntilItIsDurable(t *testing.T) {
	for promise, kept := range map[consent.Durability]int{consent.EverySec: 30, consent.Volatile: 30, consent.Unstated: 30, consent.Durable: 0} {
		t.Run(string(promise), func(t *testing.T) {
			dir, o, now := t.TempDir(), brisk(), clock{}
			o.Settle, o.Now = time.Hour, now.now
			inner := &promising{promise: promise}
			inner.faulty.Store = embedded(t, filepath.Join(dir, "before.db"))
			inner.away.Store(true)
			s := opened(t, filepath.Join(dir, "outbox"), inner, o)
			for n := range 30 {
				storetest.MustAppend(t, s, storetest.Entry("shop", n))
			}
			inner.away.Store(false)
			drained(t, s)
			if st := s.Status(); st.Kept != kept {
				t.Fatalf("%d are kept, want %d", st.Kept, kept)
			}
			if kept == 0 {
				emptied(t, s)
				return
			}
			before := inner.faulty.Store
			after := embedded(t, filepath.Join(dir, "after.db"))
			for n := range 20 { // its last second is gone
				storetest.MustAppend(t, after, storetest.Entry("shop", n))
			}
			inner.replace(after)
			_ = before.Close()
			now.forward(2 * time.Hour)
			until(t, "what was lost is appended again, and stays", func() bool { st := s.Status(); return st.Again == 10 && st.Kept == 10 })
			now.forward(2 * time.Hour)
			emptied(t, s)
			wantOnce(t, s, "shop", 30)
		})
	}
}

// A store that was away may have come back without what it had taken: all that is
// still kept is offered again, before anything new.
func TestKeptRecordsAreOfferedToAStoreThatWasAway(t *testing.T) {
	dir, o := t.TempDir(), brisk()
	o.Settle = time.Hour
	inner := &promising{promise: consent.EverySec}
	inner.faulty.Store = embedded(t, filepath.Join(dir, "before.db"))
	inner.away.Store(true)
	s := opened(t, filepath.Join(dir, "outbox"), inner, o)
	for n := range 10 {
		storetest.MustAppend(t, s, storetest.Entry("shop", n))
	}
	inner.away.Store(false)
	drained(t, s)
	inner.away.Store(true)
	storetest.MustAppend(t, s, storetest.Entry("shop", 10))
	inner.replace(embedded(t, filepath.Join(dir, "after.db")))
	inner.away.Store(false)
	drained(t, s)
	wantOnce(t, s, "shop", 11)
}

// signless is an outbox of which every record needs a checkpoint.
func signless(t *testing.T, log *lockedLog, now *clock, limit int64) *bench {
	t.Helper()
	o := first()
	o.Checkpoints, o.Settle, o.Now, o.Log, o.Limit = true, time.Minute, now.now, log.logger(), limit
	return newBench(t, t.TempDir(), o, false)
}

// A log that refuses to sign is complained of, and never fills the outbox until
// visitors are refused: what the store has had for long gives way, the oldest first.
func TestALogThatIsNotSignedRefusesNobody(t *testing.T) {
	var log lockedLog
	var now clock
	b := signless(t, &log, &now, 40_000)
	const records = 400
	for n := range records {
		if n%10 == 9 {
			now.forward(3 * time.Minute)
			b.Settled(map[string]int64{"shop": 5})
			until(t, "there is room", func() bool { return b.Status().Bytes < 35_000 })
		}
		storetest.MustAppend(t, b, storetest.Entry("shop", n))
	}
	if st := b.Status(); st.Unsigned < records/2 || st.Kept == 0 {
		t.Errorf("status: %+v", st)
	}
	for _, want := range []string{"a transparency log is not signed", "left the outbox without a checkpoint"} {
		if !strings.Contains(log.String(), want) {
			t.Errorf("the log does not say %q:\n%s", want, log.String())
		}
	}
	b.Settled(map[string]int64{"shop": records})
	now.forward(2 * time.Minute)
	emptied(t, b.Store)
	b.Settled(map[string]int64{"shop": records})
	until(t, "the complaint ends", func() bool { return !b.Status().Late && strings.Contains(log.String(), "again") })
	wantOnce(t, b, "shop", records)
}

// With room enough an entry of a log that is not signed stays however long, and one
// of a site that is not served any more leaves by its age.
func TestEntriesOfSitesThatAreNotServedLeave(t *testing.T) {
	var log lockedLog
	var now clock
	b := signless(t, &log, &now, 0)
	for n := range 5 {
		storetest.MustAppend(t, b, storetest.Entry("shop", n))
		storetest.MustAppend(t, b, storetest.Entry("gone", n))
	}
	for _, step := range []struct {
		sizes map[string]int64
		kept  int
	}{{nil, 10}, {map[string]int64{"shop": 0}, 10}, {map[string]int64{"shop": 0}, 5}, {map[string]int64{"shop": 0}, 5}} {
		if step.sizes != nil {
			b.Settled(step.sizes)
			now.forward(6 * time.Minute)
		}
		b.settle(t.Context())
		if st := b.Status(); st.Kept != step.kept {
			t.Fatalf("after %v %d are kept, want %d", step.sizes, st.Kept, step.kept)
		}
	}
	if st := b.Status(); st.Unsigned != 5 {
		t.Errorf("%d left without a checkpoint, want 5", st.Unsigned)
	}
	wantOnce(t, b, "gone", 5)
}
