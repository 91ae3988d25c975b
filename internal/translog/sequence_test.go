package translog

import (
	"context"
	"errors"
	"strings"
	"sync"
	"testing"
	"time"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"
)

// A log that begins empty is signed as it grows, each checkpoint continues the
// one before, and any reader of C2SP signed notes can open it.
func TestALogIsSignedAsItGrows(t *testing.T) {
	store := newFakeStore()
	l, memory := begun(t, store)
	roots := map[int64]string{}
	for range 40 {
		store.grow(17)
		c := sign(t, l)
		if c.Size != int64(len(store.log)) || c.Origin != testOrigin {
			t.Fatalf("signed %v of %d entries", c, len(store.log))
		}
		roots[c.Size] = c.Root.String()
		if string(memory.kept["shop"]) != string(store.checkpoint) {
			t.Fatal("the server does not remember what it published")
		}
	}
	oracle := oracleRoots(t, store)
	for size, root := range roots {
		if root != tlog.Hash(oracle[size]).String() {
			t.Errorf("the root of %d is %s", size, root)
		}
	}
	verifier, err := note.NewVerifier(testKeys(t, l)[0])
	if err != nil {
		t.Fatal(err)
	}
	n, err := note.Open(store.checkpoint, note.VerifierList(verifier))
	if err != nil || len(n.Sigs) != 1 || !strings.HasPrefix(n.Text, testOrigin+"\n680\n") {
		t.Errorf("opened %+v, %v", n, err)
	}
}

// Nothing new, nothing signed: an idle log's checkpoint stays as it is.
func TestAnIdleLogIsLeftAlone(t *testing.T) {
	store := newFakeStore()
	l, _ := begun(t, store)
	if err := l.Sign(t.Context()); err != nil || store.checkpoint != nil {
		t.Fatalf("an empty log got %q, %v", store.checkpoint, err)
	}
	store.grow(5)
	sign(t, l)
	swaps := store.swaps
	for range 5 {
		sign(t, l)
	}
	if store.swaps != swaps {
		t.Errorf("%d checkpoints were signed for nothing new", store.swaps-swaps)
	}
}

// Several servers on one store sign one log; one of them dies in the middle, and
// the others go on.
func TestServersOnOneStoreSignOneLog(t *testing.T) {
	store := newFakeStore()
	var history []Checkpoint
	store.beforeSwap = func() { time.Sleep(time.Millisecond) } // gives the others time to be first
	first, memory := begun(t, store)
	logs := []*Log{first}
	for range 2 {
		l, m := newLog(t, store)
		m.kept["shop"] = memory.kept["shop"]
		logs = append(logs, l)
	}
	var wait sync.WaitGroup
	stopFirst, cancel := context.WithCancel(t.Context())
	defer cancel()
	for i, l := range logs {
		wait.Go(func() {
			ctx := t.Context()
			if i == 0 {
				ctx = stopFirst
			}
			for range 150 {
				if err := l.Sign(ctx); err != nil && ctx.Err() == nil {
					t.Error(err)
				}
				if ctx.Err() != nil {
					return
				}
			}
		})
	}
	for i := range 200 {
		store.grow(7)
		raw, err := store.Checkpoint(t.Context(), "shop")
		if err != nil {
			t.Fatal(err)
		}
		if c, err := ReadCheckpoint(raw); err == nil {
			history = append(history, c)
		}
		if i == 100 {
			cancel()
		}
		time.Sleep(time.Millisecond)
	}
	wait.Wait()
	history = append(history, sign(t, logs[1]))
	if last := history[len(history)-1]; last.Size != 1400 {
		t.Errorf("the last one is %v", last)
	}
	roots := oracleRoots(t, store)
	for i, c := range history {
		if c.Root.String() != tlog.Hash(roots[c.Size]).String() || i > 0 && c.Size < history[i-1].Size {
			t.Fatalf("%d: %v after %v", i, c, history[max(0, i-1)])
		}
	}
}

// A store that may lose its last seconds is signed behind them.
func TestEntriesSettleBeforeTheyAreSigned(t *testing.T) {
	store := newFakeStore()
	now := testTime
	l, _ := begun(t, store, func(o *Options) {
		o.Settle, o.Now = 5*time.Second, func() time.Time { return now }
	})
	store.grow(10)
	if err := l.Sign(t.Context()); err != nil || store.checkpoint != nil {
		t.Fatalf("signed at once: %q, %v", store.checkpoint, err)
	}
	now = now.Add(4 * time.Second)
	store.grow(10)
	if err := l.Sign(t.Context()); err != nil || store.checkpoint != nil {
		t.Fatalf("signed too early: %q, %v", store.checkpoint, err)
	}
	now = now.Add(time.Second)
	if c := sign(t, l); c.Size != 10 {
		t.Errorf("signed %v", c)
	}
	if waiting := l.Status().Waiting; waiting.IsZero() {
		t.Error("nothing is said to wait")
	}
	// The store loses what was not signed yet.
	store.mu.Lock()
	store.log = store.log[:12]
	store.mu.Unlock()
	now = now.Add(10 * time.Second)
	sign(t, l)
	store.grow(1)
	now = now.Add(10 * time.Second)
	sign(t, l)
	now = now.Add(10 * time.Second)
	if c := sign(t, l); c.Size != 13 || !l.Status().Waiting.IsZero() {
		t.Errorf("signed %v, waiting since %v", c, l.Status().Waiting)
	}
}

// Entries settle between two rounds too: the first round after their time signs
// them, also when no round was there while they came.
func TestEntriesSettleBetweenRounds(t *testing.T) {
	store := newFakeStore()
	now := testTime
	l, _ := begun(t, store, func(o *Options) {
		o.Settle, o.Now = 40*time.Second, func() time.Time { return now }
	})
	store.grow(10)
	l.sight(t.Context())
	now = now.Add(20 * time.Second)
	store.grow(10)
	l.sight(t.Context())
	now = now.Add(20 * time.Second)
	if c := sign(t, l); c.Size != 10 {
		t.Errorf("signed %v", c)
	}
	now = now.Add(20 * time.Second)
	if c := sign(t, l); c.Size != 20 {
		t.Errorf("signed %v", c)
	}
}

// The name under which a log began stays, whatever is configured later.
func TestALogKeepsItsName(t *testing.T) {
	store := newFakeStore()
	l, memory := begun(t, store)
	store.grow(3)
	sign(t, l)
	moved, _ := newLog(t, store, func(o *Options) { o.Memory, o.Origin = memory, "new.example/log" })
	store.grow(3)
	if c := sign(t, moved); c.Origin != testOrigin || c.Size != 6 {
		t.Errorf("signed %v", c)
	}
	if keys := testKeys(t, moved); !strings.HasPrefix(keys[0], testOrigin+"+") {
		t.Errorf("its key is %q", keys)
	}
}

// A new key is in the log before it signs; whoever knows the old one follows.
func TestKeysAreRotatedInTheLog(t *testing.T) {
	store := newFakeStore()
	l, _ := begun(t, store)
	store.grow(3)
	sign(t, l)
	first := testKeys(t, l)
	key, err := l.RotateKey(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if c := sign(t, l); c.Size != 4 {
		t.Fatalf("signed %v", c)
	}
	if now := testKeys(t, l); len(now) != 2 || now[0] != key || now[1] != first[0] || key == first[0] {
		t.Errorf("keys %q after %q", now, first)
	}
	for _, keys := range [][]string{{key}, first, {first[0], key}} {
		if _, _, err := openForAnyone(store.checkpoint, keys); err != nil {
			t.Errorf("with %q: %v", keys, err)
		}
	}
	announced, err := store.Artefacts(t.Context(), "shop", keyKind)
	if err != nil || len(announced) != 1 || announced[0].Index != 3 || !strings.Contains(string(announced[0].Body), key) {
		t.Errorf("announced %+v, %v", announced, err)
	}
	if _, err := l.RotateKey(t.Context()); err != nil {
		t.Fatal(err)
	}
	sign(t, l)
	if _, _, err := openForAnyone(store.checkpoint, first); err == nil {
		t.Error("the first of three keys still signs")
	}
}

// A log whose signed entries are lost for good goes on under another name, and
// says so.
func TestABrokenLogIsRestartedUnderAnotherName(t *testing.T) {
	store := newFakeStore()
	l, memory := begun(t, store)
	store.grow(100)
	sign(t, l)
	if _, err := l.Restart(t.Context()); err == nil {
		t.Fatal("a healthy log was restarted")
	}
	store.grow(50)
	sign(t, l)
	other, copies := newLog(t, store)
	copies.kept["shop"] = memory.kept["shop"]
	broken := string(store.checkpoint)
	store.log = store.log[:120]
	refused(t, l, "consentry log restart shop")

	name, err := l.Restart(t.Context())
	if err != nil || name != testOrigin+"/2" {
		t.Fatalf("restarted as %q, %v", name, err)
	}
	store.grow(5)
	if c := sign(t, l); c.Origin != name || c.Size != 126 {
		t.Fatalf("signed %v", c)
	}
	said, err := store.Artefacts(t.Context(), "shop", restartKind)
	if err != nil || len(said) != 1 || !strings.Contains(string(said[0].Body), strings.ReplaceAll(broken, "\n", `\n`)) {
		t.Errorf("the log says %+v, %v", said, err)
	}
	refused(t, other, testOrigin+"/2", "consentry log adopt FILE")
	if _, err := other.Adopt(t.Context(), store.checkpoint, false); err != nil {
		t.Fatal(err)
	}
	store.grow(1)
	if c := sign(t, other); c.Origin != name || c.Size != 127 {
		t.Errorf("signed %v", c)
	}
	sign(t, l)
}

func TestNamesOfRestartedLogs(t *testing.T) {
	for _, name := range []string{"a.example/log", "a.example/p/log", "a.example/2/log"} {
		second := nextName(name)
		third := nextName(second)
		if second != name+"/2" || third != name+"/3" || !restartOf(third, name) || !restartOf(second, name) || restartOf(name, second) || restartOf(name, name) {
			t.Errorf("%s, %s, %s", name, second, third)
		}
	}
	if restartOf("b.example/log/2", "a.example/log") {
		t.Error("another log is taken for a restarted one")
	}
}

func TestOnlyWholeCheckpointsAreRead(t *testing.T) {
	store := newFakeStore()
	l, _ := begun(t, store)
	store.grow(3)
	sign(t, l)
	good := string(store.checkpoint)
	if _, err := l.open(t.Context(), []byte(good)); err != nil {
		t.Fatal(err)
	}
	for _, bad := range []string{
		"", "\n", "a\n\n", good[:len(good)/2], strings.Replace(good, "\n3\n", "\n03\n", 1), strings.Replace(good, "\n3\n", "\n-3\n", 1),
		strings.Replace(good, "\n3\n", "\n4\n", 1), strings.Replace(good, "\n\n", "\nmore\n\n", 1), strings.Replace(good, "shop", "shap", -1),
		good[:strings.Index(good, "— ")], good + "more",
	} {
		if _, err := l.open(t.Context(), []byte(bad)); !errors.Is(err, ErrCheckpoint) {
			t.Errorf("%q: %v", bad, err)
		}
	}
}
