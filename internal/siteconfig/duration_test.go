package siteconfig

import "testing"

// A length of time that does not fit is a mistake. It would else wrap around: records
// that are to be kept for ever would all be over at once.
func TestADurationThatIsTooLongIsRefused(t *testing.T) {
	for text, fits := range map[string]bool{
		"0s": true, "180d": true, "36500d": true, "106751d": true, "999999h": true, "999999m": true, "999999s": true,
		"106752d": false, "150000d": false, "365000d": false, "999999d": false,
	} {
		var d Duration
		if err := d.fromText(text); (err == nil) != fits || d.Std() < 0 {
			t.Errorf("%s is read as %v, %v", text, d.Std(), err)
		}
	}
}
