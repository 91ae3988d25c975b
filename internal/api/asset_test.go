package api

import "testing"

func TestACodingIsUsedWhenItIsNamedAndNotRefused(t *testing.T) {
	for header, want := range map[string]bool{
		"":                         false,
		"gzip":                     false,
		"br":                       true,
		"BR":                       true,
		"gzip, deflate, br, zstd":  true,
		"gzip,br":                  true,
		" br ; q=0.5":              true,
		"br;q=1.000":               true,
		"br;q=0.001":               true,
		"br;q=0":                   false,
		"br; q=0":                  false,
		"br;q=0.0":                 false,
		"br;q=0.00, gzip":          false,
		"br;q=0.000":               false,
		"br;Q=0":                   false,
		"brotli":                   false,
		"xbr":                      false,
		"gzip;q=0, br":             true,
		"*":                        false,
		"identity, *;q=0":          false,
		"gzip;x=br, deflate;q=1.0": false,
	} {
		if got := acceptsCoding(header, "br"); got != want {
			t.Errorf("%q: %v", header, got)
		}
	}
}

func TestAnETagListMatchesByWeakComparison(t *testing.T) {
	const etag = `"abc"`
	for header, want := range map[string]bool{
		"":                    false,
		"*":                   true,
		`"abc"`:               true,
		`W/"abc"`:             true,
		`"x", "abc"`:          true,
		`"x",W/"abc" , "y"`:   true,
		`abc`:                 false,
		`"ABC"`:               false,
		`"abc`:                false,
		`w/"abc"`:             false,
		`"abcd"`:              false,
		`"x,y"`:               false,
		`W/"x", W/"y"`:        false,
		"\"abc\" \t, \"def\"": true,
	} {
		if got := matches(header, etag); got != want {
			t.Errorf("%q: %v", header, got)
		}
	}
}
