package consent

import "testing"

// Names and places come back as what they were made of, and what was not made by
// LogName is a site's name.
func TestLogsAndPlaces(t *testing.T) {
	for n := range MaxShards {
		if site, got := LogOf(LogName("shop-2", n)); site != "shop-2" || got != n {
			t.Errorf("log %d came back as %d of %q", n, got, site)
		}
		for _, index := range []int64{0, 1, 1<<placeBits - 1} {
			place := PlaceIn(n, index)
			if log, at := PlaceOf(place); log != n || at != index {
				t.Errorf("entry %d of log %d came back as %d of %d", index, n, at, log)
			}
			if float64(place) >= 1<<53 || n == 0 && place != index {
				t.Errorf("entry %d of log %d is at %d", index, n, place)
			}
		}
		if PlaceIn(n, -1) != -1 {
			t.Errorf("an entry of log %d without a place got one", n)
		}
	}
	for _, name := range []string{"shop~0", "shop~01", "shop~64", "shop~-1", "shop~", "shop~1~2", "shop~x"} {
		if site, n := LogOf(name); site != name || n != 0 {
			t.Errorf("%q is taken for log %d of %q", name, n, site)
		}
	}
	if s := (Stored{Entry: Entry{Site: "shop"}, Index: PlaceIn(2, 7)}); s.Log() != "shop~2" {
		t.Errorf("an entry of shop~2 is said to be in %s", s.Log())
	}
	if s := (Stored{Entry: Entry{Site: "shop~2"}, Index: 7}); s.Log() != "shop~2" {
		t.Errorf("an entry read from shop~2 is said to be in %s", s.Log())
	}
}
