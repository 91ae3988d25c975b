package api

import (
	"fmt"
	"net/netip"
	"testing"
	"time"

	"github.com/consentry/consentry/internal/consent"
)

var monday = time.Date(2026, 11, 23, 15, 4, 5, 0, time.UTC)

func address(t *testing.T, text string) netip.Addr {
	t.Helper()
	addr, err := netip.ParseAddr(text)
	if err != nil {
		t.Fatal(err)
	}
	return addr
}

func cookieNamed(name string) []seenKey { return []seenKey{{consent.SeenCookie, name}} }

func TestAnythingIsShownOnceFiveNetworksHaveSeenIt(t *testing.T) {
	var log seenLog
	for _, from := range []string{"198.51.100.1", "198.51.100.77", "203.0.113.1", "192.0.2.1", "2001:db8:1::1", "2001:db8:1:ffff::2"} {
		log.add("shop", address(t, from), cookieNamed("_x"), monday)
	}
	if got := log.list("shop"); len(got) != 0 {
		t.Errorf("after four networks: %v", got)
	}
	log.add("club", address(t, "10.9.8.7"), cookieNamed("_x"), monday) // another site's
	log.add("shop", address(t, "2001:db8:2::1"), cookieNamed("_x"), monday.Add(30*time.Hour))
	want := consent.Sighting{Kind: "cookie", Name: "_x", First: time.Date(2026, 11, 23, 0, 0, 0, 0, time.UTC), Last: time.Date(2026, 11, 24, 0, 0, 0, 0, time.UTC)}
	if got := log.list("shop"); len(got) != 1 || got[0] != want {
		t.Errorf("after five: %v", got)
	}
	if got := log.list("club"); len(got) != 0 {
		t.Errorf("another site shows %v", got)
	}
}

func TestWithoutAddressesNothingIsEverShown(t *testing.T) {
	var log seenLog
	for range 20 {
		log.add("shop", netip.Addr{}, cookieNamed("_x"), monday)
	}
	if got := log.list("shop"); len(got) != 0 {
		t.Errorf("%v", got)
	}
}

// One network can neither fill the table nor push out what others have seen.
func TestWhatOneNetworkBringsIsBounded(t *testing.T) {
	var log seenLog
	log.add("shop", address(t, "203.0.113.1"), cookieNamed("kept"), monday)
	for i := range 1000 {
		log.add("shop", address(t, "198.51.100.1"), cookieNamed(fmt.Sprint("flood-", i)), monday.Add(time.Hour))
	}
	if n := len(log.sites["shop"]); n != 1+maxOwn {
		t.Errorf("%d entries", n)
	}
	for i := range 40 { // many networks can, and lose the oldest first
		for j := range maxOwn {
			log.add("shop", address(t, fmt.Sprintf("10.%d.0.1", i)), cookieNamed(fmt.Sprintf("n-%d-%d", i, j)), monday.Add(48*time.Hour))
		}
	}
	if n := len(log.sites["shop"]); n != maxSeen {
		t.Errorf("%d entries, want %d", n, maxSeen)
	}
	if _, there := log.sites["shop"][seenKey{"cookie", "kept"}]; there {
		t.Error("the oldest is still there")
	}
}

func TestWhatIsConfirmedStaysWhenAllElseIsForgotten(t *testing.T) {
	var log seenLog
	for i := range networks {
		log.add("shop", address(t, fmt.Sprintf("10.%d.0.1", i)), cookieNamed("yes"), monday)
	}
	log.add("shop", address(t, "10.0.0.1"), cookieNamed("not yet"), monday)
	salt := log.salt
	log.add("shop", address(t, "10.0.0.1"), cookieNamed("new"), monday.Add(seenFor))
	if log.salt == salt {
		t.Error("the salt is the old one")
	}
	if got := log.list("shop"); len(got) != 1 || got[0].Name != "yes" || len(log.sites["shop"]) != 2 {
		t.Errorf("%v of %d entries", got, len(log.sites["shop"]))
	}
	for _, e := range log.sites["shop"] {
		if len(e.by) > networks {
			t.Errorf("%d hashes are kept", len(e.by))
		}
	}
}

func TestADomainIsReadFromWhateverAPageTalksTo(t *testing.T) {
	for host, want := range map[string]string{
		"stats.vendor.example": "vendor.example", "a.b.vendor.co.uk:8443": "vendor.co.uk", "vendor.example": "vendor.example",
		"X.Vendor.Example": "vendor.example", "someone.github.io": "someone.github.io",
		"10.0.0.1": "", "10.0.0.1:80": "", "[2001:db8::1]:80": "", "2001:db8::1": "", "localhost": "", "localhost:1": "", "co.uk": "", "": "",
	} {
		if got := registrable(host); got != want {
			t.Errorf("%q is %q, want %q", host, got, want)
		}
	}
}
