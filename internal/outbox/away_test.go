package outbox

import (
	"bytes"
	"context"
	"errors"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/consentry/consentry/internal/consent"
	"github.com/consentry/consentry/internal/storetest"
)

// bench is an outbox over a real store that can be taken away.
type bench struct {
	*Store
	dir   string
	store *faulty
}

// newBench opens an outbox in dir over the store that is there.
func newBench(t testing.TB, dir string, o Options, away bool) *bench {
	t.Helper()
	b := &bench{dir: filepath.Join(dir, "outbox"), store: &faulty{Store: embedded(t, filepath.Join(dir, "store.db"))}}
	b.store.away.Store(away)
	b.Store = opened(t, b.dir, b.store, o)
	return b
}

// wantOnce wants the first n entries of a site in the log, once and in order.
func wantOnce(t testing.TB, s consent.Store, site string, n int) {
	t.Helper()
	log := storetest.ReadLog(t, s, site, 0)
	if len(log) != n {
		t.Fatalf("the log has %d entries, want %d", len(log), n)
	}
	var counted int64
	for i, e := range log {
		if e.Record.Record != storetest.Entry(site, i).Record {
			t.Errorf("another record is at %d", i)
		}
		if e.Record.Secret != storetest.Entry(site, i).Secret || !bytes.Equal(e.Record.Sealed, storetest.Entry(site, i).Sealed) {
			t.Errorf("the record at %d is not as it was sent", i)
		}
	}
	list, err := s.Counts(t.Context(), site, storetest.Epoch().AddDate(-1, 0, 0), storetest.Epoch().AddDate(1, 0, 0))
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range list {
		counted += c.N
	}
	if counted != int64(3*n) {
		t.Errorf("counters add up to %d, want %d", counted, 3*n)
	}
}

// While the store is away records are taken, found, repeated and listed; when it
// is back they follow in their order, once each, and nothing is left in the files.
func TestRecordsWaitAndFollow(t *testing.T) {
	for mode, o := range modes() {
		t.Run(mode, func(t *testing.T) {
			b := newBench(t, t.TempDir(), o, false)
			for n := range 10 {
				storetest.MustAppend(t, b, storetest.Entry("shop", n))
			}
			b.store.away.Store(true)
			for n := 10; n < 700; n++ {
				storetest.MustAppend(t, b, storetest.Entry("shop", n))
			}
			e := storetest.Entry("shop", 20)
			again, dup, err := b.Append(t.Context(), e)
			if err != nil || !dup || again.Record != e.Record || again.Secret != e.Secret || again.Index != -1 {
				t.Errorf("a retry: %+v, dup %t, %v", again, dup, err)
			}
			found, err := b.Record(t.Context(), "shop", e.Record)
			if err != nil || found.Secret != e.Secret || !bytes.Equal(found.Sealed, e.Sealed) || found.Receipt != e.Receipt {
				t.Errorf("record: %+v, %v", found, err)
			}
			if list, err := b.History(t.Context(), "shop", e.Subject); !errors.Is(err, consent.ErrPartial) || len(list) != 2 {
				t.Errorf("history: %d, %v; want 2, and to hear that there may be more", len(list), err)
			}
			if promise, err := b.Health(t.Context()); err != nil || promise != consent.Durable {
				t.Errorf("health: %q, %v", promise, err)
			}
			if st := b.Status(); !st.Away || st.Waiting != 690 || st.Bytes < 690*250 || st.Oldest <= 0 || st.Why == "" {
				t.Errorf("status: %+v", st)
			}
			b.store.away.Store(false)
			emptied(t, b.Store)
			wantOnce(t, b, "shop", 700)
			if stored := storetest.MustAppend(t, b, storetest.Entry("shop", 700)); stored.Index != 700 {
				t.Errorf("the next entry has index %d, want 700", stored.Index)
			}
		})
	}
}

// What waits is handed over by the next process, also when the last one ended
// without a word, and while the store is still away.
func TestWaitingRecordsOutliveTheProcess(t *testing.T) {
	dir := t.TempDir()
	b := newBench(t, dir, brisk(), true)
	for n := range 50 {
		storetest.MustAppend(t, b, storetest.Entry("shop", n))
	}
	leftover := copied(t, b.dir) // as kill -9 leaves it
	if err := b.Close(); err != nil {
		t.Fatal(err)
	}
	if err := os.RemoveAll(b.dir); err != nil {
		t.Fatal(err)
	}
	if err := os.Rename(leftover, b.dir); err != nil {
		t.Fatal(err)
	}
	b = newBench(t, dir, brisk(), true)
	for n := 50; n < 60; n++ {
		storetest.MustAppend(t, b, storetest.Entry("shop", n))
	}
	if _, dup, err := b.Append(t.Context(), storetest.Entry("shop", 3)); err != nil || !dup {
		t.Errorf("a retry after the restart: dup %t, %v", dup, err)
	}
	b.store.away.Store(false)
	emptied(t, b.Store)
	wantOnce(t, b, "shop", 60)
}

// A record that the store has, although it said that it failed, is handed over
// and stays one.
func TestLostAnswersRepeatNothing(t *testing.T) {
	for mode, o := range modes() {
		b := newBench(t, t.TempDir(), o, false)
		b.store.lose.Store(true)
		for n := range 20 {
			if _, _, err := b.Append(t.Context(), storetest.Entry("shop", n)); err != nil {
				t.Fatalf("%s: %v", mode, err)
			}
		}
		b.store.lose.Store(false)
		emptied(t, b.Store)
		log := storetest.ReadLog(t, b, "shop", 0)
		if len(log) != 20 {
			t.Errorf("%s: the log has %d entries, want 20", mode, len(log))
		}
	}
}

// A store that comes and goes under load loses and repeats nothing.
func TestAFlickeringStore(t *testing.T) {
	for mode, o := range modes() {
		t.Run(mode, func(t *testing.T) {
			b := newBench(t, t.TempDir(), o, false)
			ctx, stop := context.WithCancel(t.Context())
			var flicker sync.WaitGroup
			flicker.Go(func() {
				for ctx.Err() == nil {
					time.Sleep(time.Duration(rand.IntN(30)) * time.Millisecond)
					b.store.away.Store(!b.store.away.Load())
				}
				b.store.away.Store(false)
			})
			list := make([]consent.Entry, 1500)
			for n := range list {
				list[n] = storetest.Entry("shop", n)
			}
			storetest.AppendAll(t, b, 32, list)
			storetest.AppendAll(t, b, 32, list[:500]) // retries
			stop()
			flicker.Wait()
			emptied(t, b.Store)
			seen := make(map[consent.ID]bool)
			for _, e := range storetest.ReadLog(t, b, "shop", 0) {
				if seen[e.Record.Record] {
					t.Errorf("record at %d is there twice", e.Index)
				}
				seen[e.Record.Record] = true
			}
			if len(seen) != len(list) {
				t.Errorf("the log has %d records, want %d", len(seen), len(list))
			}
		})
	}
}

// Under First what another server lacks after a failover is appended again, in
// its order, and leaves the outbox only after it was found in the store.
func TestWhatAFailoverLosesIsAppendedAgain(t *testing.T) {
	dir := t.TempDir()
	o := first()
	o.Settle = time.Hour
	var now clock
	o.Now = now.now
	inner := &replaced{}
	inner.faulty.Store = embedded(t, filepath.Join(dir, "master.db"))
	s := opened(t, filepath.Join(dir, "outbox"), inner, o)
	for n := range 30 {
		storetest.MustAppend(t, s, storetest.Entry("shop", n))
	}
	if err := s.PutArtefact(t.Context(), "shop", storetest.Artefact("banner", 1)); err != nil {
		t.Fatal(err)
	}
	replica := embedded(t, filepath.Join(dir, "replica.db"))
	for n := range 20 { // the last ten never got there
		storetest.MustAppend(t, replica, storetest.Entry("shop", n))
	}
	inner.replace(replica)
	found, err := s.Record(t.Context(), "shop", storetest.Entry("shop", 25).Record)
	if err != nil || found.Secret != storetest.Entry("shop", 25).Secret {
		t.Errorf("a record that the failover lost: %v", err)
	}
	now.forward(2 * time.Hour) // all of it is to be settled
	until(t, "the lost ones are appended again", func() bool {
		head, err := replica.Head(t.Context(), "shop")
		return err == nil && head.Size == 31
	})
	until(t, "those that were lost are kept as long again", func() bool { return s.Status().Kept == 10 })
	now.forward(2 * time.Hour)
	emptied(t, s)
	for i, e := range storetest.ReadLog(t, replica, "shop", 0)[:30] {
		if e.Kind == "" && e.Record.Record != storetest.Entry("shop", i).Record {
			t.Errorf("another record is at %d", i)
		}
	}
}

// replaced is a store whose server is another one from some moment on.
type replaced struct {
	faulty
	mu sync.Mutex
}

func (r *replaced) replace(s consent.Store) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.faulty.Store = s
}

// With checkpoints an entry stays until one covers it.
func TestEntriesStayUntilACheckpointCoversThem(t *testing.T) {
	o := first()
	o.Checkpoints = true
	b := newBench(t, t.TempDir(), o, false)
	for n := range 20 {
		storetest.MustAppend(t, b, storetest.Entry("shop", n))
	}
	time.Sleep(3 * o.Settle)
	if st := b.Status(); st.Kept != 20 {
		t.Errorf("%d are kept without a checkpoint, want 20", st.Kept)
	}
	b.Settled(map[string]int64{"shop": 15, "other": 100})
	until(t, "those under the checkpoint have left", func() bool { return b.Status().Kept == 5 })
	time.Sleep(3 * o.Settle)
	if st := b.Status(); st.Kept != 5 {
		t.Errorf("%d are kept, want 5", st.Kept)
	}
	b.Settled(map[string]int64{"shop": 20})
	emptied(t, b.Store)
}

// A record that is erased while it waits is nowhere in the files any more, is
// stored erased, and stays so after a crash at any step.
func TestErasedWhileItWaits(t *testing.T) {
	for mode, o := range modes() {
		t.Run(mode, func(t *testing.T) {
			dir := t.TempDir()
			b := newBench(t, dir, o, true)
			for n := range 10 {
				storetest.MustAppend(t, b, storetest.Entry("shop", n))
			}
			e := storetest.Entry("shop", 4)
			if err := b.Erase(t.Context(), "shop", []consent.Erasure{{Record: e.Record, Time: storetest.Epoch()}}); err != nil {
				t.Fatal(err)
			}
			wantNoSecret(t, b.dir, e)
			found, err := b.Record(t.Context(), "shop", e.Record)
			if err != nil || !found.Erased || found.Secret != (consent.Secret{}) || found.Leaf != e.Leaf {
				t.Errorf("the erased record: %+v, %v", found, err)
			}
			if err := b.Close(); err != nil {
				t.Fatal(err)
			}
			b = newBench(t, dir, o, false)
			emptied(t, b.Store)
			for i, entry := range storetest.ReadLog(t, b, "shop", 0) {
				if entry.Record.Erased != (i == 4) || entry.Leaf != storetest.Entry("shop", i).Leaf {
					t.Errorf("entry %d: erased %t", i, entry.Record.Erased)
				}
			}
			wantNoSecret(t, dir, e)
		})
	}
}

// An erasure whose overwriting a crash has cut short is finished at the next start.
func TestErasureIsFinishedAfterACrash(t *testing.T) {
	dir := t.TempDir()
	b := newBench(t, dir, brisk(), true)
	e := storetest.Entry("shop", 0)
	storetest.MustAppend(t, b, e)
	storetest.MustAppend(t, b, storetest.Entry("shop", 1))
	before := copied(t, b.dir)
	if err := b.Erase(t.Context(), "shop", []consent.Erasure{{Record: e.Record, Time: storetest.Epoch()}}); err != nil {
		t.Fatal(err)
	}
	_ = b.Close()
	// The erasure's own frame got to the disk, the zeros over the secrets did not, or by half.
	for _, half := range []int{0, 20, secretsSize} {
		whole := theSegment(t, b.dir)
		raw, old := read(t, whole), read(t, theSegment(t, before))
		at := len(magic) + secretsAt
		copy(raw[at+half:], old[at+half:at+secretsSize])
		if err := os.WriteFile(whole, raw, 0o600); err != nil {
			t.Fatal(err)
		}
		next := newBench(t, dir, brisk(), true)
		wantNoSecret(t, next.dir, e)
		_ = next.Close()
	}
}

// A record that the store has leaves no secret behind in a file that others
// still need.
func TestErasedAfterItWasHandedOver(t *testing.T) {
	o := first()
	o.Settle = time.Hour
	b := newBench(t, t.TempDir(), o, false)
	e := storetest.Entry("shop", 0)
	storetest.MustAppend(t, b, e)
	if raw := read(t, theSegment(t, b.dir)); !bytes.Contains(raw, e.Secret[:]) {
		t.Error("the secret is not where it was looked for")
	}
	if err := b.Erase(t.Context(), "shop", []consent.Erasure{{Record: e.Record, Time: storetest.Epoch()}}); err != nil {
		t.Fatal(err)
	}
	wantNoSecret(t, b.dir, e)
}

// A server that has seen its store starts without it: what it publishes is
// there, and what is new waits.
func TestArtefactsWithoutTheStore(t *testing.T) {
	dir := t.TempDir()
	b := newBench(t, dir, brisk(), true)
	if _, err := b.Artefacts(t.Context(), "shop", "root"); !errors.Is(err, consent.ErrUnavailable) {
		t.Errorf("a listing that was never seen: %v, want ErrUnavailable", err)
	}
	b.store.away.Store(false)
	drained(t, b.Store)
	old := storetest.Artefact("activation", 1)
	if err := b.PutArtefact(t.Context(), "shop", old); err != nil {
		t.Fatal(err)
	}
	for _, kind := range []string{"root", "activation"} {
		if _, err := b.Artefacts(t.Context(), "shop", kind); err != nil {
			t.Fatal(err)
		}
	}
	_ = b.Close()
	b = newBench(t, dir, brisk(), true)
	later := old
	later.Time = later.Time.Add(time.Hour)
	if err := b.PutArtefact(t.Context(), "shop", later); err != nil {
		t.Errorf("put what the store has: %v", err)
	}
	next := storetest.Artefact("activation", 2)
	if err := b.PutArtefact(t.Context(), "shop", next); err != nil {
		t.Errorf("put a new one: %v", err)
	}
	storetest.MustAppend(t, b, storetest.Entry("shop", 0))
	list, err := b.Artefacts(t.Context(), "shop", "activation")
	if err != nil || len(list) != 2 || list[0].Digest != old.Digest || list[1].Digest != next.Digest {
		t.Errorf("listing: %d, %v", len(list), err)
	}
	if list, err := b.Artefacts(t.Context(), "shop", "root"); err != nil || len(list) != 0 {
		t.Errorf("a kind of which there was none: %d, %v", len(list), err)
	}
	for _, want := range []consent.Artefact{old, next} {
		if got, err := b.Artefact(t.Context(), "shop", want.Digest); err != nil || !bytes.Equal(got.Body, want.Body) || got.Leaf != want.Leaf {
			t.Errorf("artefact: %v", err)
		}
	}
	b.store.away.Store(false)
	emptied(t, b.Store)
	log := storetest.ReadLog(t, b, "shop", 0)
	if len(log) != 3 || log[1].Digest != next.Digest || log[2].Kind != "" || log[0].Leaf != old.Leaf {
		t.Errorf("the log has %d entries, want the old artefact, the new one, then the record", len(log))
	}
}

// What the store refuses while it takes others is put aside, and does not stop
// them.
func TestOneRefusedRecordStopsNoOther(t *testing.T) {
	b := newBench(t, t.TempDir(), brisk(), true)
	picky := &refusing{Store: b.store.Store, bad: storetest.Entry("shop", 3).Record}
	b.store.Store = picky
	for n := range 10 {
		storetest.MustAppend(t, b, storetest.Entry("shop", n))
	}
	b.store.away.Store(false)
	until(t, "the others are handed over", func() bool {
		st := b.Status()
		return !st.Away && st.Waiting == 1 && st.Stuck == 1
	})
	if log := storetest.ReadLog(t, b, "shop", 0); len(log) != 9 {
		t.Errorf("the log has %d entries, want 9", len(log))
	}
	if got, err := b.Record(t.Context(), "shop", picky.bad); err != nil || got.Record != picky.bad {
		t.Errorf("the refused record: %v", err)
	}
	if list := b.Refused(); len(list) != 1 || list[0].Record != picky.bad || list[0].Err == nil {
		t.Errorf("refused are %+v", list)
	}
	picky.bad = consent.ID{}
	b.ledger.recall(stuck)
	emptied(t, b.Store)
	if log := storetest.ReadLog(t, b, "shop", 0); len(log) != 10 {
		t.Errorf("the log has %d entries in the end, want 10", len(log))
	}
}

// refusing is a store that refuses one record.
type refusing struct {
	consent.Store
	bad consent.ID
}

func (r *refusing) Append(ctx context.Context, e consent.Entry) (consent.Stored, bool, error) {
	if e.Record == r.bad {
		return consent.Stored{}, false, consent.ErrUnavailable
	}
	return r.Store.Append(ctx, e)
}

func wantNoSecret(t *testing.T, dir string, e consent.Entry) {
	t.Helper()
	err := filepath.WalkDir(dir, func(path string, entry os.DirEntry, err error) error {
		if err != nil || entry.IsDir() || strings.HasSuffix(path, "-wal") {
			return nil // the store's own log is its own business
		}
		raw := read(t, path)
		if bytes.Contains(raw, e.Secret[:]) || bytes.Contains(raw, e.Receipt[:]) {
			t.Errorf("%s holds the secret of an erased record", filepath.Base(path))
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

func read(t *testing.T, path string) []byte {
	t.Helper()
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func copied(t *testing.T, dir string) (to string) {
	t.Helper()
	to = filepath.Join(t.TempDir(), "copy")
	if err := os.CopyFS(to, os.DirFS(dir)); err != nil {
		t.Fatal(err)
	}
	return to
}

// theSegment is the newest segment of an outbox.
func theSegment(t *testing.T, dir string) string {
	t.Helper()
	numbers, err := segments(dir)
	if err != nil || len(numbers) == 0 {
		t.Fatalf("no segment: %v", err)
	}
	return segmentPath(dir, numbers[len(numbers)-1])
}
