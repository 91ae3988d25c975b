package translog

import (
	"strings"
	"testing"
	"time"
)

// A log of which an old entry was rewritten below its tiles is restarted: the new one
// is signed over what the store holds, and no audit of the old one stands in its way.
func TestALogThatWasRewrittenGoesOnAfterARestart(t *testing.T) {
	for name, settle := range map[string]time.Duration{"at once": 0, "once entries have settled": 5 * time.Second} {
		t.Run(name, func(t *testing.T) {
			store, now := newFakeStore(), testTime
			settling := func(o *Options) { o.Settle, o.Now = settle, func() time.Time { return now } }
			l, memory := begun(t, store, settling)
			store.grow(66_000)
			l.sight(t.Context())
			now = now.Add(10 * time.Second)
			sign(t, l)
			store.log[17].leaf[0] ^= 1

			started := func() *Log {
				l, _ := newLog(t, store, settling, func(o *Options) { o.Memory = memory })
				return l
			}
			origin, err := started().Restart(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			l = started()
			if err := l.audit(t.Context()); err != nil {
				t.Errorf("an audit before anything is signed: %v", err)
			}
			for range 2 {
				if err := l.Sign(t.Context()); err != nil {
					t.Fatal(err)
				}
				now = now.Add(10 * time.Second)
			}
			if c := sign(t, l); c.Origin != origin || c.Size != 66_001 {
				t.Errorf("signed %v", c)
			}
			if err := l.audit(t.Context()); err != nil {
				t.Errorf("what was signed is not what the store holds: %v", err)
			}
		})
	}
}

// What was handed out before a restart verifies with the key that the log shows today, as
// it does with the one it showed then, and with no other log's.
func TestAProofFromBeforeARestartVerifiesWithTodaysKey(t *testing.T) {
	store, s, l := shopLog(t, 9)
	stored := *store.log[4].record
	stored.Index = 4
	p, err := l.ProveRecord(t.Context(), stored, s.open(t, store.log[4]))
	if err != nil {
		t.Fatal(err)
	}
	before, raw := testKeys(t, l), store.checkpoint
	store.log = store.log[:7]
	if _, err := l.Restart(t.Context()); err != nil {
		t.Fatal(err)
	}
	sign(t, l)
	today := testKeys(t, l)
	if today[0] == before[0] || !strings.HasPrefix(today[0], testOrigin+"/2+") {
		t.Fatalf("the keys are %q and were %q", today, before)
	}
	for _, keys := range [][]string{before, today} {
		if v, err := Verify(p, keys...); err != nil || v.Origin != testOrigin {
			t.Errorf("with %q: %+v, %v", keys, v, err)
		}
		if c, _, err := OpenCheckpoint(raw, keys...); err != nil || c.Size != 10 {
			t.Errorf("with %q: %v, %v", keys, c, err)
		}
	}
	for _, name := range []string{"other.example/log", testOrigin + "x"} {
		if v, err := Verify(p, renamed(today, name)[1:]...); err == nil {
			t.Errorf("the key of %s verifies a proof of %s", name, v.Origin)
		}
	}
}
