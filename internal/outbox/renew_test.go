package outbox

import (
	"strings"
	"testing"

	"github.com/consentry/consentry/internal/storetest"
)

// What records refer to is in a Redis that lost it before anything that is acknowledged
// afterwards, once, whichever of several servers notices first. A record may come before
// it that was on its way while another caller noticed, and waits for its answer.
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
			if at := strings.Index(kinds, "frame frame frame "); len(kinds) != 21+3*len("frame ") || at > 2 {
				t.Errorf("the log has %q, want three frames among the first of 21 records", kinds)
			}
		})
	}
}
