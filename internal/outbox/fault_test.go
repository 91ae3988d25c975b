package outbox

import (
	"errors"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/consentry/consentry/internal/consent"
	"github.com/consentry/consentry/internal/storetest"
)

// brokenDisk is the real one until the given call of its kind.
type brokenDisk struct {
	writes, syncs       atomic.Int64
	failWrite, failSync int64 // which call fails, from 1 on; 0 none
	err                 error
	half                bool // a failed write leaves half of its bytes
}

func (b *brokenDisk) disk() disk {
	real := realDisk()
	return disk{
		write: func(f *os.File, p []byte, at int64) error {
			if b.writes.Add(1) == b.failWrite {
				if b.half {
					_ = real.write(f, p[:len(p)/2], at)
				}
				return b.err
			}
			return real.write(f, p, at)
		},
		sync: func(f *os.File) error {
			if b.syncs.Add(1) == b.failSync {
				return b.err
			}
			return real.sync(f)
		},
	}
}

// faultyBench is an outbox over a store that is away, on a broken disk.
func faultyBench(t *testing.T, dir string, b *brokenDisk) (*Store, *faulty) {
	t.Helper()
	inner := &faulty{Store: embedded(t, filepath.Join(dir, "store.db"))}
	inner.away.Store(true)
	s, err := open(filepath.Join(dir, "outbox"), inner, brisk(), b.disk())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close() })
	return s, inner
}

// A sync that fails, whichever it is, acknowledges nothing, is never asked again,
// and ends writing; what was acknowledged before is handed over, and all of it
// works again after a restart.
func TestAFailedSyncEndsWriting(t *testing.T) {
	for call := int64(1); call <= 12; call++ {
		dir := t.TempDir()
		broken := &brokenDisk{failSync: call, err: syscall.EIO}
		s, inner := faultyBench(t, dir, broken)
		acknowledged := 0
		for n := range 10 {
			_, _, err := s.Append(t.Context(), storetest.Entry("shop", n))
			if err == nil {
				acknowledged++
			} else if !errors.Is(err, consent.ErrUnavailable) || !strings.Contains(err.Error(), "before a restart") {
				t.Errorf("sync %d: append: %v", call, err)
			}
		}
		if want := int(max(call-3, 0)); acknowledged != min(want, 10) {
			t.Errorf("sync %d: %d were acknowledged, want %d", call, acknowledged, min(want, 10))
		}
		if syncs := broken.syncs.Load(); syncs > max(call, 12) || acknowledged < 10 && syncs != call {
			t.Errorf("sync %d: the disk was asked %d times", call, syncs)
		}
		if _, err := s.Health(t.Context()); (err == nil) != (acknowledged == 10) || s.Status().Failed != (acknowledged < 10) {
			t.Errorf("sync %d: health %v, status %+v", call, err, s.Status())
		}
		inner.away.Store(false)
		drained(t, s)
		if log := storetest.ReadLog(t, s, "shop", 0); len(log) != acknowledged {
			t.Errorf("sync %d: the log has %d entries, %d were acknowledged", call, len(log), acknowledged)
		}
		if _, _, err := s.Append(t.Context(), storetest.Entry("shop", 10)); err != nil {
			t.Errorf("sync %d: append to the store beside a failed outbox: %v", call, err)
		}
		_ = s.Close()
		again := newBench(t, dir, brisk(), true)
		for n := range 12 {
			if _, _, err := again.Append(t.Context(), storetest.Entry("shop", n)); err != nil {
				t.Errorf("sync %d: after the restart: %v", call, err)
			}
		}
		again.store.away.Store(false)
		emptied(t, again.Store)
		if log := storetest.ReadLog(t, again, "shop", 0); len(log) != 12 {
			t.Errorf("sync %d: the log has %d entries in the end, want 12", call, len(log))
		}
		_ = again.Close()
	}
}

// A full disk refuses a record and takes the next one when there is room again;
// half a frame that it took is gone.
func TestAFullDiskRefusesAndRecovers(t *testing.T) {
	for call := int64(1); call <= 8; call++ {
		dir := t.TempDir()
		s, inner := faultyBench(t, dir, &brokenDisk{failWrite: call, err: syscall.ENOSPC, half: true})
		refused := 0
		for n := range 10 {
			if _, _, err := s.Append(t.Context(), storetest.Entry("shop", n)); err != nil {
				refused++
				if !errors.Is(err, consent.ErrUnavailable) || !errors.Is(err, syscall.ENOSPC) {
					t.Errorf("write %d: append: %v", call, err)
				}
				storetest.MustAppend(t, s, storetest.Entry("shop", n)) // now there is room
			}
		}
		if refused != 1 || s.Status().Failed {
			t.Errorf("write %d: %d were refused, status %+v", call, refused, s.Status())
		}
		inner.away.Store(false)
		emptied(t, s)
		wantOnce(t, s, "shop", 10)
	}
}

// Under First a record that the outbox cannot take is not acknowledged, and not in
// the store either.
func TestFirstMeansFirst(t *testing.T) {
	dir := t.TempDir()
	inner := embedded(t, filepath.Join(dir, "store.db"))
	s, err := open(filepath.Join(dir, "outbox"), inner, first(), (&brokenDisk{failSync: 4, err: syscall.EIO}).disk())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close() })
	storetest.MustAppend(t, s, storetest.Entry("shop", 0))
	for range 2 {
		if _, _, err := s.Append(t.Context(), storetest.Entry("shop", 1)); !errors.Is(err, consent.ErrUnavailable) {
			t.Errorf("append: %v, want ErrUnavailable", err)
		}
	}
	if log := storetest.ReadLog(t, inner, "shop", 0); len(log) != 1 {
		t.Errorf("the store has %d entries, want 1", len(log))
	}
	if _, err := s.Health(t.Context()); !errors.Is(err, consent.ErrUnavailable) {
		t.Errorf("health: %v, want ErrUnavailable", err)
	}
}

// A full outbox refuses, with a warning in the log before, and takes records
// again once it was handed over.
func TestAFullOutboxRefuses(t *testing.T) {
	o := brisk()
	o.Limit = 20_000
	var log lockedLog
	o.Log = log.logger()
	b := newBench(t, t.TempDir(), o, true)
	taken := 0
	for ; taken < 1000; taken++ {
		if _, _, err := b.Append(t.Context(), storetest.Entry("shop", taken)); err != nil {
			if !errors.Is(err, consent.ErrUnavailable) || !strings.Contains(err.Error(), "the outbox is full") {
				t.Errorf("append: %v", err)
			}
			break
		}
	}
	if st := b.Status(); taken < 30 || taken == 1000 || st.Bytes > o.Limit {
		t.Errorf("%d were taken, status %+v", taken, st)
	}
	if _, err := b.Health(t.Context()); err == nil && b.Status().Bytes+headSize+1 > o.Limit {
		t.Error("a full outbox is healthy")
	}
	for _, want := range []string{"percent=50", "percent=80", "the store is slow or away"} {
		if !strings.Contains(log.String(), want) {
			t.Errorf("the log does not say %q:\n%s", want, log.String())
		}
	}
	b.store.away.Store(false)
	emptied(t, b.Store)
	wantOnce(t, b, "shop", taken)
	b.store.away.Store(true)
	storetest.MustAppend(t, b, storetest.Entry("shop", taken))
}

// A file that was cut off anywhere loses nothing but what was cut, and never a
// whole frame before it.
func TestATornEndIsCutOff(t *testing.T) {
	dir := t.TempDir()
	b := newBench(t, dir, brisk(), true)
	for n := range 5 {
		storetest.MustAppend(t, b, storetest.Entry("shop", n))
	}
	_ = b.Close()
	path := theSegment(t, b.dir)
	raw := read(t, path)
	frame := (len(raw) - len(magic)) / 5
	for cut := len(raw); cut >= 0; cut -= 41 {
		for _, end := range []string{"", strings.Repeat("\x00", 300), strings.Repeat("x", 77)} {
			if err := os.WriteFile(path, append(raw[:cut:cut], end...), 0o600); err != nil {
				t.Fatal(err)
			}
			next := opened(t, b.dir, absent{}, brisk())
			want := max(cut-len(magic), 0) / frame
			if st := next.Status(); cut >= len(magic) && st.Waiting != want {
				t.Errorf("cut at %d and %d more: %d wait, want %d", cut, len(end), st.Waiting, want)
			}
			storetest.MustAppend(t, next, storetest.Entry("shop", 9))
			_ = next.Close()
			for _, other := range filesOf(t, b.dir) {
				if other != path {
					_ = os.Remove(other)
				}
			}
		}
	}
}

// Two processes never share a folder.
func TestTheFolderIsLocked(t *testing.T) {
	dir := t.TempDir()
	b := newBench(t, dir, brisk(), false)
	if _, err := Open(b.dir, b.store, brisk()); !errors.Is(err, ErrLocked) {
		t.Errorf("a second outbox: %v, want ErrLocked", err)
	}
}

// A crowd that is larger than the queue is refused at once, not kept waiting.
func TestTheQueueIsBounded(t *testing.T) {
	dir := t.TempDir()
	slow := realDisk()
	slow.sync = func(f *os.File) error { time.Sleep(50 * time.Millisecond); return f.Sync() }
	inner := &faulty{Store: embedded(t, filepath.Join(dir, "store.db"))}
	inner.away.Store(true)
	o := brisk()
	o.Queue = 8
	s, err := open(filepath.Join(dir, "outbox"), inner, o, slow)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close() })
	_, _, _ = s.Append(t.Context(), storetest.Entry("shop", 0))
	var busy, taken atomic.Int64
	var wg sync.WaitGroup
	for n := range 300 {
		wg.Go(func() {
			switch _, _, err := s.Append(t.Context(), storetest.Entry("shop", n+1)); {
			case err == nil:
				taken.Add(1)
			case errors.Is(err, consent.ErrBusy):
				busy.Add(1)
			default:
				t.Errorf("append: %v", err)
			}
		})
	}
	wg.Wait()
	if busy.Load() == 0 || taken.Load() == 0 {
		t.Errorf("%d were taken and %d refused, want some of both", taken.Load(), busy.Load())
	}
}

// Frames that were altered are refused, never a panic.
func FuzzDecode(f *testing.F) {
	e := storetest.Entry("shop", 1)
	raw, _ := encodeRecord(&e)
	a := storetest.Artefact("gate", 1)
	other, _ := encodeArtefact("shop", &a)
	third, _ := encodeErasures("shop", []consent.Erasure{{Record: e.Record, Time: e.Time}})
	for _, b := range [][]byte{raw, other, third} {
		f.Add(b, 0)
		f.Add(b, len(b)/2)
	}
	f.Fuzz(func(t *testing.T, b []byte, flip int) {
		if flip > 0 && flip < len(b) {
			b[flip] ^= 1
			if _, broken, err := decode(b); err == nil && !broken && flip < len(b) && string(b) == string(raw) {
				t.Error("an altered frame was taken")
			}
			return
		}
		_, _, _ = decode(b)
	})
}

// lockedLog collects what is logged.
type lockedLog struct {
	mu sync.Mutex
	b  strings.Builder
}

func (l *lockedLog) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Write(p)
}

func (l *lockedLog) logger() *slog.Logger { return slog.New(slog.NewTextHandler(l, nil)) }

func (l *lockedLog) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.String()
}

func filesOf(t *testing.T, dir string) (list []string) {
	t.Helper()
	numbers, err := segments(dir)
	if err != nil {
		t.Fatal(err)
	}
	for _, n := range numbers {
		list = append(list, segmentPath(dir, n))
	}
	return list
}
