package outbox

import (
	"testing"
	"time"

	"github.com/consentry/consentry/internal/consent"
	"github.com/consentry/consentry/internal/storetest"
)

// The newest pieces of a site's log are deleted from a Redis that runs, which gives their
// ids to no others: decisions wait in the outbox until there are enough to go in together,
// and are in the log in the end, once each.
func TestALogWhoseNewestPiecesAreDeletedWhileItIsWrittenTo(t *testing.T) {
	for mode, o := range modes() {
		t.Run(mode, func(t *testing.T) {
			redis := storetest.StartRedis(t, "--appendonly", "yes", "--appendfsync", "always")
			s := opened(t, t.TempDir(), overRedis(t, redis.URL()), o)
			for n := range 10 {
				storetest.MustAppend(t, s, storetest.Entry("shop", n))
			}
			until(t, "nothing is kept", func() bool { return s.Status().Kept == 0 })
			if got := redis.Ask("XDEL l:{shop} 8-0 9-0 10-0"); got != ":3" {
				t.Fatalf("redis deletes %q", got)
			}
			for n := 10; n < 40; n++ {
				if _, _, err := s.Append(t.Context(), storetest.Entry("shop", n)); err != nil {
					t.Fatal(err)
				}
				if _, err := s.Record(t.Context(), "shop", storetest.Entry("shop", n).Record); err != nil {
					t.Errorf("record %d is not found: %v", n, err)
				}
				time.Sleep(20 * time.Millisecond) // so that they come one by one
			}
			drained(t, s)
			seen := make(map[consent.ID]int)
			for _, e := range storetest.ReadLog(t, s, "shop", 0) {
				seen[e.Record.Record]++
			}
			for n := range 40 {
				if want := map[bool]int{true: 1}[n < 7 || n > 9]; seen[storetest.Entry("shop", n).Record] != want {
					t.Errorf("record %d is in the log %d times, want %d", n, seen[storetest.Entry("shop", n).Record], want)
				}
			}
		})
	}
}
