package translog

import (
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
