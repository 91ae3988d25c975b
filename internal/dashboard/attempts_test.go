package dashboard

import (
	"fmt"
	"testing"
	"time"
)

var noon = time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC)

// fail makes n wrong tries, waiting whatever each takes, and returns the last wait.
func fail(t *testing.T, a *attempts, address string, n int, now *time.Time) (wait time.Duration) {
	t.Helper()
	for range n {
		for wait = a.begin(*now, address); wait > 0; wait = a.begin(*now, address) {
			*now = now.Add(wait)
		}
		a.failed(*now, address)
		a.end(*now, address)
	}
	if wait = a.begin(*now, address); wait == 0 {
		a.end(*now, address)
	}
	return wait
}

func TestEachFurtherFailureDoublesTheWait(t *testing.T) {
	a, now := newAttempts(), noon
	if wait := fail(t, a, "192.0.2.1", freeFailures-1, &now); wait != 0 {
		t.Fatalf("waited %s after four failures", wait)
	}
	for i, want := range []time.Duration{2 * time.Second, 4 * time.Second, 8 * time.Second, 16 * time.Second} {
		if wait := fail(t, a, "192.0.2.1", 1, &now); wait != want {
			t.Errorf("failure %d: wait %s, want %s", freeFailures+i, wait, want)
		}
	}
	if wait := fail(t, a, "192.0.2.1", 20, &now); wait != longestWait {
		t.Errorf("after many failures: wait %s, want %s", wait, longestWait)
	}
}

func TestNeighboursShareABackOffAndStrangersDoNot(t *testing.T) {
	for address, blocked := range map[string]bool{
		"192.0.2.77": true, "::ffff:192.0.2.77": true, "192.0.3.1": false, "2001:db8::1": false, "": false,
	} {
		a, now := newAttempts(), noon
		fail(t, a, "192.0.2.1", freeFailures, &now)
		if got := a.begin(now, address) > 0; got != blocked {
			t.Errorf("%q is held back: %v, want %v", address, got, blocked)
		}
	}
	a, now := newAttempts(), noon
	fail(t, a, "2001:db8:1:2::3", freeFailures, &now)
	if a.begin(now, "2001:db8:1:ffff::9") == 0 {
		t.Error("another address of the same IPv6 /48 is free")
	}
}

func TestSuccessAndAnHourForgetFailures(t *testing.T) {
	a, now := newAttempts(), noon
	fail(t, a, "192.0.2.1", freeFailures+3, &now)
	a.succeeded(now, "192.0.2.1")
	if wait := fail(t, a, "192.0.2.1", 1, &now); wait != 0 {
		t.Errorf("waited %s after a success", wait)
	}
	fail(t, a, "192.0.2.1", freeFailures+3, &now)
	now = now.Add(forgetAfter + time.Minute)
	if wait := fail(t, a, "192.0.2.1", 1, &now); wait != 0 {
		t.Errorf("waited %s after an hour", wait)
	}
}

// However many addresses guess, all together get a try a second.
func TestManyAddressesTogetherAreBounded(t *testing.T) {
	a := newAttempts()
	allowed := 0
	for i := range 1000 {
		if a.begin(noon, fmt.Sprintf("10.%d.%d.1", i/250, i%250)) == 0 {
			allowed++
		}
	}
	if allowed != triesAtOnce {
		t.Errorf("%d tries at once, want %d", allowed, triesAtOnce)
	}
	if a.begin(noon.Add(triesEvery), "192.0.2.1") != 0 {
		t.Error("no try a second later")
	}
}

func TestRememberedPrefixesAreBounded(t *testing.T) {
	a := newAttempts()
	for i := range mostPrefixes + 500 {
		a.failed(noon.Add(time.Duration(i)*time.Millisecond), fmt.Sprintf("10.%d.%d.1", i/256, i%256))
	}
	if len(a.by) > mostPrefixes {
		t.Errorf("%d prefixes are remembered", len(a.by))
	}
	newest := fmt.Sprintf("10.%d.%d.1", (mostPrefixes+499)/256, (mostPrefixes+499)%256)
	if a.by[a.key(newest)].n != 1 {
		t.Error("the newest failure was forgotten")
	}
}

// A try that never ends, as of a browser that was closed, is given up by its end alone;
// none is forgotten while it runs, and nothing is remembered of those that went well.
func TestTriesThatRunCount(t *testing.T) {
	a, now := newAttempts(), noon
	for range freeFailures {
		if a.begin(now, "192.0.2.1") != 0 {
			t.Fatal("a free try was refused")
		}
	}
	if wait := a.begin(now, "192.0.2.9"); wait != firstWait {
		t.Errorf("while all free tries run: wait %s, want %s", wait, firstWait)
	}
	for i := range mostPrefixes {
		a.failed(now, fmt.Sprintf("10.%d.%d.1", i/256, i%256))
	}
	if now = now.Add(2 * forgetAfter); a.begin(now, "192.0.2.1") == 0 {
		t.Error("tries that run were forgotten")
	}
	a.succeeded(now, "192.0.2.1")
	for range freeFailures {
		a.end(now, "192.0.2.1")
	}
	if _, known := a.by[a.key("192.0.2.1")]; known {
		t.Error("tries that went well are remembered")
	}
	if a.begin(now, "192.0.2.1") != 0 {
		t.Error("no try is free although none has failed")
	}
}
