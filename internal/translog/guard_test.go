package translog

import (
	"context"
	"errors"
	"strings"
	"testing"

	"github.com/consentry/consentry/internal/consent"
)

// refused runs a round that must refuse, and returns its words.
func refused(t *testing.T, l *Log, words ...string) {
	t.Helper()
	before, _ := l.Store.Checkpoint(context.Background(), "shop")
	err := l.Sign(t.Context())
	if !errors.Is(err, ErrRefused) {
		t.Fatalf("it was not refused: %v", err)
	}
	for _, w := range words {
		if !strings.Contains(err.Error(), w) {
			t.Errorf("%q does not say %q", err, w)
		}
	}
	if after, _ := l.Store.Checkpoint(context.Background(), "shop"); string(after) != string(before) {
		t.Error("it published all the same")
	}
	if l.Status().Problem != err.Error() {
		t.Errorf("operators read %q", l.Status().Problem)
	}
}

func TestAServerWithoutACopySignsNothing(t *testing.T) {
	store := newFakeStore()
	first, memory := begun(t, store)
	store.grow(300)
	sign(t, first)
	second, other := newLog(t, store)
	if err := second.Begin(t.Context()); err != nil || other.kept["shop"] != nil {
		t.Fatalf("it began a log that exists: %q, %v", other.kept["shop"], err)
	}
	refused(t, second, "300 entries", "no checkpoint of it", "consentry log adopt FILE")

	// A copy from elsewhere, not even the newest, lets it go on.
	copied := memory.kept["shop"]
	store.grow(10)
	sign(t, first)
	if _, err := second.Adopt(t.Context(), copied, false); err != nil {
		t.Fatal(err)
	}
	store.grow(1)
	if c := sign(t, second); c.Size != 311 {
		t.Errorf("signed %v", c)
	}
	sign(t, first)
}

// Beside the keys it is remembered that a log was begun: over an empty store and
// without a memory it is not begun a second time under its name, whoever says that
// it was never signed. With a copy, or where there is none left, it goes on under
// another name.
func TestALogThatWasLostIsNotBegunAgain(t *testing.T) {
	beside := &inceptions{names: make(map[string]string)}
	with := func(o *Options) { o.Begun = beside }
	store := newFakeStore()
	l, memory := begun(t, store, with)
	store.grow(300)
	sign(t, l)
	copied := memory.kept["shop"]
	for round, name := range []string{l.Origin + "/2", l.Origin + "/3"} {
		empty := newFakeStore()
		lost, memory := newLog(t, empty, with)
		if err := lost.Begin(t.Context()); err != nil || memory.kept["shop"] != nil {
			t.Fatalf("it was begun again: %q, %v", memory.kept["shop"], err)
		}
		empty.grow(10)
		refused(t, lost, "begun before under these keys", beside.names["shop"], "consentry log adopt FILE", "consentry log restart shop")
		if _, err := lost.BeginLate(t.Context()); err == nil || memory.kept["shop"] != nil {
			t.Errorf("never signed, on its owner's word: %v", err)
		}
		if round == 0 {
			memory.kept["shop"] = copied
			refused(t, lost, "over 300", "log restart shop")
		}
		if got, err := lost.Restart(t.Context()); err != nil || got != name || beside.names["shop"] != name {
			t.Fatalf("restarted as %q, noted %q, %v; want %q", got, beside.names["shop"], err, name)
		}
		if c := sign(t, lost); c.Origin != name || c.Size != 11 {
			t.Errorf("signed %v", c)
		}
	}
	if fresh, memory := newLog(t, newFakeStore(), func(o *Options) { o.Begun = &inceptions{err: errors.New("read-only")} }); fresh.Begin(t.Context()) != nil || memory.kept["shop"] != nil {
		t.Error("a log was begun that nobody could note")
	}
}

// inceptions is what an installation notes beside its keys.
type inceptions struct {
	names map[string]string
	err   error
}

func (i *inceptions) Begun(site string) (string, error) { return i.names[site], nil }

func (i *inceptions) Note(site, name string) error {
	if i.err == nil {
		i.names[site] = name
	}
	return i.err
}

// A log from before there were checkpoints, whose owner says that none was signed.
func TestALogThatWasNeverSignedCanBeBegun(t *testing.T) {
	store := newFakeStore()
	store.grow(1000)
	l, _ := newLog(t, store)
	refused(t, l, "--never-signed shop")
	l, _ = begunLate(t, store)
	if c := sign(t, l); c.Size != 1000 {
		t.Errorf("signed %v", c)
	}
}

func TestARestoredOldBackupIsNotSigned(t *testing.T) {
	store := newFakeStore()
	l, memory := begun(t, store)
	store.grow(400)
	sign(t, l)
	backup := store.copied()
	store.grow(200)
	sign(t, l)

	restored, _ := newLog(t, backup, func(o *Options) { o.Memory = memory })
	refused(t, restored, "has 400 entries", "over 600", "older backup", "log restart shop")
	backup.grow(100)
	refused(t, restored, "has 500 entries")
	for range 300 { // overtakes what was signed, with other entries
		backup.log = append(backup.log, entry{leaf: [32]byte{1, byte(len(backup.log))}})
	}
	refused(t, restored, "over its first 600 entries", "what was signed is not what the store holds")

	// The right store is back: it goes on by itself.
	mended, _ := newLog(t, store, func(o *Options) { o.Memory = memory })
	store.grow(1)
	if c := sign(t, mended); c.Size != 601 || mended.Status().Problem != "" {
		t.Errorf("signed %v, problem %q", c, mended.Status().Problem)
	}
}

// The store is exchanged under a running server, whose memory is full of tiles of
// the right one, at every size around a tile's edge.
func TestAStoreExchangedUnderARunningServerIsNotSigned(t *testing.T) {
	for _, size := range []int{1, 255, 256, 257, 511, 512, 513, 700, 768} {
		store := newFakeStore()
		l, _ := begun(t, store)
		store.grow(size)
		sign(t, l)
		store.mu.Lock()
		for i := max(0, size-3); i < size; i++ {
			store.log[i].leaf[31] ^= 1
		}
		store.mu.Unlock()
		store.grow(1)
		refused(t, l, "what was signed is not what the store holds")
		store.mu.Lock()
		store.log = store.log[:size-1]
		store.mu.Unlock()
		refused(t, l, "entries were lost")
	}
}

// Entries were rewritten and every tile and checkpoint in the store made to fit,
// by somebody who holds the keys: only the copy outside tells.
func TestARewrittenLogIsNotSigned(t *testing.T) {
	store := newFakeStore()
	l, memory := begun(t, store)
	store.grow(900)
	sign(t, l)
	forged := newFakeStore()
	forger, _ := begun(t, forged)
	forged.grow(900)
	forged.log[17].leaf[0] ^= 1
	sign(t, forger)

	l, _ = newLog(t, forged, func(o *Options) { o.Memory = memory })
	refused(t, l, "this server's own copy")
	forged.grow(300)
	refused(t, l, "this server's own copy")
}

// An old entry was rewritten and every tile left as it was: no round reads that
// far back, the audit does.
func TestAnOldEntryRewrittenBelowItsTilesIsFoundByTheAudit(t *testing.T) {
	store := newFakeStore()
	l, memory := begun(t, store)
	store.grow(66_000)
	sign(t, l)
	if err := l.audit(t.Context()); err != nil {
		t.Fatal(err)
	}
	store.log[17].leaf[0] ^= 1
	cold, _ := newLog(t, store, func(o *Options) { o.Memory = memory })
	store.grow(1)
	sign(t, cold)
	if err := cold.audit(t.Context()); !errors.Is(err, ErrRefused) {
		t.Fatalf("the audit says %v", err)
	}
	refused(t, cold, "what was signed is not what the store holds")
	store.log[17].leaf[0] ^= 1
	if err := cold.audit(t.Context()); err != nil {
		t.Fatal(err)
	}
	store.grow(1)
	sign(t, cold)
}

// A second writer with the same keys has put a checkpoint of another tree into
// the store.
func TestASecondWritersCheckpointIsNotContinued(t *testing.T) {
	store, elsewhere := newFakeStore(), newFakeStore()
	l, _ := begun(t, store)
	store.grow(100)
	sign(t, l)
	second, _ := begun(t, elsewhere)
	elsewhere.grow(90)
	elsewhere.log[3].leaf[0] ^= 1
	sign(t, second)
	store.checkpoint = elsewhere.checkpoint
	refused(t, l, "the checkpoint from the store says")
}

func TestACheckpointOfAnotherKeyIsNotContinued(t *testing.T) {
	store, elsewhere := newFakeStore(), newFakeStore()
	l, memory := begun(t, store)
	store.grow(100)
	sign(t, l)
	foreign, _ := begun(t, elsewhere, func(o *Options) { o.Root = []byte("thirty-two bytes of another root") })
	elsewhere.grow(100)
	sign(t, foreign)
	good := store.checkpoint
	store.checkpoint = elsewhere.checkpoint
	store.grow(1)
	refused(t, l, "the checkpoint from the store cannot be verified", "log adopt --publish FILE")

	if _, err := l.Adopt(t.Context(), good, true); err != nil {
		t.Fatal(err)
	}
	if c := sign(t, l); c.Size != 101 {
		t.Errorf("signed %v", c)
	}
	memory.kept["shop"] = []byte("no checkpoint\n")
	store.grow(1)
	refused(t, l, "this server's own copy cannot be verified")
}

func TestAdoptingNeverForgets(t *testing.T) {
	store := newFakeStore()
	l, memory := begun(t, store)
	store.grow(10)
	sign(t, l)
	old := memory.kept["shop"]
	store.grow(10)
	sign(t, l)
	if _, err := l.Adopt(t.Context(), old, false); err == nil || !strings.Contains(err.Error(), "not replaced by an older one") {
		t.Errorf("it took an older copy: %v", err)
	}
	if _, err := l.Adopt(t.Context(), old, true); err == nil {
		t.Error("it published an older copy")
	}
	elsewhere := newFakeStore()
	other, copies := begun(t, elsewhere)
	elsewhere.grow(30)
	elsewhere.log[0].leaf[0] ^= 1
	sign(t, other)
	store.grow(10)
	if _, err := l.Adopt(t.Context(), copies.kept["shop"], false); !errors.Is(err, ErrRefused) {
		t.Errorf("it took a copy that contradicts the store: %v", err)
	}
}

// Nothing is published that the server could not remember.
func TestACheckpointThatCannotBeRememberedIsNotPublished(t *testing.T) {
	store := newFakeStore()
	l, memory := begun(t, store)
	store.grow(10)
	memory.fail = errors.New("disk full")
	if err := l.Sign(t.Context()); err == nil || !strings.Contains(err.Error(), "disk full") || store.checkpoint != nil {
		t.Errorf("published %q, %v", store.checkpoint, err)
	}
	memory.fail = nil
	sign(t, l)
}

// A server that dies between remembering and publishing has promised nothing
// that it cannot keep.
func TestASignedCheckpointThatWasNotPublishedIsContinued(t *testing.T) {
	store := newFakeStore()
	l, memory := begun(t, store)
	store.grow(10)
	store.beforeSwap = func() { store.mu.Lock(); store.fail = consent.ErrUnavailable; store.mu.Unlock() }
	if err := l.Sign(t.Context()); !errors.Is(err, consent.ErrUnavailable) {
		t.Fatal(err)
	}
	store.beforeSwap, store.fail = nil, nil
	next, _ := newLog(t, store, func(o *Options) { o.Memory = memory })
	if c := sign(t, next); c.Size != 10 {
		t.Errorf("signed %v", c)
	}
}
