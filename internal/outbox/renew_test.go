package outbox

import (
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/consentry/consentry/internal/storetest"
)

// What records refer to is in a Redis that lost it before anything that is acknowledged
// afterwards, once, whichever of several servers notices first.
func TestWhatRecordsReferToIsPutAgainOnce(t *testing.T) {
	for mode, o := range modes() {
		t.Run(mode, func(t *testing.T) {
			redis := storetest.StartRedis(t)
			servers := []*Store{opened(t, t.TempDir(), overRedis(t, redis.URL()), o), opened(t, t.TempDir(), overRedis(t, redis.URL()), o)}
			storetest.MustAppend(t, servers[0], storetest.Entry("shop", 0))
			redis.MustDo("SAVE") // what it comes back with
			for _, s := range servers {
				for n := range 3 {
					if err := s.PutArtefact(t.Context(), "shop", storetest.Artefact("frame", n)); err != nil {
						t.Fatal(err)
					}
				}
			}
			redis.Kill()
			redis.Restart()
			for n := 1; n <= 20; n++ {
				storetest.MustAppend(t, servers[n%2], storetest.Entry("shop", n))
			}
			for _, s := range servers {
				drained(t, s)
			}
			kinds := ""
			for _, e := range storetest.ReadLog(t, servers[0], "shop", 0) {
				kinds += e.Kind + " "
			}
			if at := strings.Index(kinds, "frame frame frame "); len(kinds) != 21+3*len("frame ") || at != 1 {
				t.Errorf("the log has %q, want three frames after the first of 21 records", kinds)
			}
		})
	}
}

// Neither does a record come before it that was on its way while Redis was emptied.
func TestWhatIsOnItsWayWaitsForWhatItRefersTo(t *testing.T) {
	for mode, o := range modes() {
		t.Run(mode, func(t *testing.T) {
			redis := storetest.StartRedis(t)
			s := opened(t, t.TempDir(), overRedis(t, redis.URL()), o)
			for n := range 3 {
				if err := s.PutArtefact(t.Context(), "shop", storetest.Artefact("frame", n)); err != nil {
					t.Fatal(err)
				}
			}
			var work sync.WaitGroup
			var over atomic.Bool
			for w := range 32 {
				work.Go(func() {
					for n := 0; !over.Load(); n++ {
						if _, _, err := s.Append(t.Context(), storetest.Entry("shop", 100_000*w+n)); err != nil {
							t.Errorf("append: %v", err)
						}
					}
				})
			}
			for range 5 {
				time.Sleep(30 * time.Millisecond)
				redis.MustDo("FLUSHALL")
			}
			time.Sleep(30 * time.Millisecond)
			over.Store(true)
			work.Wait()
			storetest.MustAppend(t, s, storetest.Entry("shop", 99_999))
			drained(t, s)
			frames := 0
			for _, e := range storetest.ReadLog(t, s, "shop", 0) {
				if e.Kind != "" {
					frames++
				} else if frames < 3 {
					t.Fatalf("a record stands at %d, after %d of 3 frames", e.Index, frames)
				}
			}
			if frames != 3 {
				t.Errorf("%d frames", frames)
			}
		})
	}
}
