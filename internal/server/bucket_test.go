package server

import (
	"errors"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"sync"
	"testing"
	"time"

	"github.com/labstack/echo/v4"

	"github.com/consentry/consentry/internal/api"
)

// pacer is a limiter under a clock that the test moves: 60 a minute, 3 at once.
func pacer() (*limiter, *time.Time) {
	now := time.Date(2026, 3, 1, 12, 30, 0, 0, time.UTC)
	return newLimiter(Options{PerMinute: 60, Burst: 3, Now: func() time.Time { return now }, Seed: [32]byte{1}}), &now
}

// spend takes n tokens of an address and returns how many there were.
func spend(l *limiter, address string, n int) (taken int) {
	for range n {
		if l.allow(netip.MustParseAddr(address)) {
			taken++
		}
	}
	return taken
}

func TestABurstIsFollowedByThePace(t *testing.T) {
	l, now := pacer()
	if n := spend(l, "203.0.113.1", 10); n != 3 {
		t.Errorf("%d at once", n)
	}
	*now = now.Add(500 * time.Millisecond)
	if n := spend(l, "203.0.113.1", 10); n != 0 {
		t.Errorf("%d after half a second", n)
	}
	*now = now.Add(500 * time.Millisecond)
	if n := spend(l, "203.0.113.1", 10); n != 1 {
		t.Errorf("%d after a second, refused tries in between", n)
	}
	*now = now.Add(10 * time.Minute)
	if n := spend(l, "203.0.113.1", 10); n != 3 {
		t.Errorf("%d after a long while: more than a burst is never saved", n)
	}
	*now = now.Add(-time.Minute)
	if n := spend(l, "203.0.113.1", 10); n != 0 {
		t.Errorf("%d after the clock went back", n)
	}
}

func TestNetworksAreToldApartByPrefix(t *testing.T) {
	l, _ := pacer()
	spend(l, "203.0.113.1", 10)
	spend(l, "2001:db8:0:1::1", 10)
	for address, want := range map[string]int{
		"203.0.113.1":          0,
		"203.0.113.2":          3, // each IPv4 address by itself
		"2001:db8:0:1::2":      0, // a /64 is one household
		"2001:db8:0:1:ffff::1": 0,
		"2001:db8:0:2::1":      3,
	} {
		if n := spend(l, address, 3); n != want {
			t.Errorf("%s may send %d, want %d", address, n, want)
		}
	}
}

// The salt changes by the hour, so that nothing leads from a bucket to an
// address later; everybody begins anew.
func TestBucketsAreForgottenByTheHour(t *testing.T) {
	l, now := pacer()
	address := netip.MustParseAddr("203.0.113.1")
	spend(l, "203.0.113.1", 10)
	before := l.table.Load()
	*now = now.Add(31 * time.Minute)
	if n := spend(l, "203.0.113.1", 10); n != 3 {
		t.Errorf("%d in the next hour", n)
	}
	after := l.table.Load()
	if after == before || after.salt == before.salt {
		t.Error("the salt is the old one")
	}
	place := func(t *bucketTable) int {
		for i := range t.all {
			if &t.all[i] == t.bucket(address) {
				return i
			}
		}
		return -1
	}
	if place(before) == place(after) {
		t.Error("the address has the same bucket in both hours")
	}
	other := newLimiter(Options{PerMinute: 60, Burst: 3, Now: l.now, Seed: [32]byte{2}})
	spend(other, "203.0.113.1", 1)
	if other.table.Load().salt == after.salt {
		t.Error("another seed has the same salt")
	}
}

// A request that read the clock just before the turn of the hour, and comes
// here just after another that read it later, must not bring back an empty table.
func TestAStragglerAtTheTurnOfTheHourEmptiesNothing(t *testing.T) {
	l, now := pacer()
	*now = time.Date(2026, 3, 1, 13, 0, 0, 0, time.UTC)
	spend(l, "203.0.113.1", 3)
	*now = now.Add(-time.Millisecond)
	spend(l, "203.0.113.9", 1)
	*now = now.Add(time.Millisecond)
	if n := spend(l, "203.0.113.1", 3); n != 0 {
		t.Errorf("%d more", n)
	}
}

func TestManyAtOnceGetOneBurst(t *testing.T) {
	l, _ := pacer()
	var wait sync.WaitGroup
	var mu sync.Mutex
	total := 0
	for range 8 {
		wait.Go(func() {
			n := spend(l, "203.0.113.1", 5)
			mu.Lock()
			defer mu.Unlock()
			total += n
		})
	}
	wait.Wait()
	if total != 3 {
		t.Errorf("%d of 40", total)
	}
}

func TestWhoIsLimited(t *testing.T) {
	for name, test := range map[string]struct {
		perMinute int
		address   any
		refused   bool
	}{
		"a known address":        {60, netip.MustParseAddr("203.0.113.1"), true},
		"no limit configured":    {0, netip.MustParseAddr("203.0.113.1"), false},
		"no address":             {60, nil, false},
		"an address of no peer":  {60, netip.Addr{}, false},
		"a burst of none is one": {60, netip.MustParseAddr("203.0.113.2"), true},
	} {
		l := newLimiter(Options{PerMinute: test.perMinute, Burst: 0, Now: time.Now})
		handler := l.middleware(func(echo.Context) error { return nil })
		var err error
		var recorder *httptest.ResponseRecorder
		for range 2 {
			recorder = httptest.NewRecorder()
			c := echo.New().NewContext(httptest.NewRequest(http.MethodPost, "/decisions", nil), recorder)
			c.Set(api.AddressKey, test.address)
			err = handler(c)
		}
		if errors.Is(err, api.ErrRate) != test.refused || (recorder.Header().Get("Retry-After") == "30") != test.refused {
			t.Errorf("%s: %v, Retry-After %q", name, err, recorder.Header().Get("Retry-After"))
		}
	}
}
