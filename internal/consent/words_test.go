package consent

import (
	"slices"
	"strings"
	"testing"
)

// Compact records number these words by their place, so that the lists may grow
// at the end and change in no other way. Append to the golden line, too.
func TestTheNumberedWordsOnlyEverGrow(t *testing.T) {
	for name, c := range map[string]struct {
		list   []string
		golden string
	}{
		"events":   {texts(events[:]), "given refused partial withdrawn renewed signal objected corrected imported erased"},
		"regimes":  {texts(regimes[:]), "opt-in opt-out notice-only"},
		"surfaces": {surfaces[:], "banner preferences placeholder page api signal receipt"},
		"controls": {controls[:], "accept-all reject-all save withdraw allow-service load-once api signal object correct"},
		"layouts":  {layouts[:], "bar card dialog page"},
		"sources":  {sources[:], "none header script both"},
		"families": {families[:], "other chrome firefox safari edge opera samsung bot"},
		"forms":    {forms[:], "other desktop phone tablet"},
		"autos":    {autos[:], "no yes suspect"},
	} {
		if got := strings.Join(c.list, " "); got != c.golden {
			t.Errorf("%s are %q, want %q", name, got, c.golden)
		}
		if sorted := slices.Sorted(slices.Values(c.list)); len(slices.Compact(sorted)) != len(c.list) {
			t.Errorf("%s name a word twice", name)
		}
	}
}

func texts[S ~string](list []S) (out []string) {
	for _, s := range list {
		out = append(out, string(s))
	}
	return out
}

func TestAnIDIsSafeInACookieAPathAndAKey(t *testing.T) {
	for _, good := range []string{"a", "0", "a-b", "shop2", "a-", strings.Repeat("z", 32)} {
		if !ValidID(good) {
			t.Errorf("%q is no id", good)
		}
	}
	for _, bad := range []string{"", "-a", "A", "a_b", "a.b", "a~b", "a/b", "a b", "a\n", "\na", "é", "a;", "a=", strings.Repeat("z", 33)} {
		if ValidID(bad) {
			t.Errorf("%q is an id", bad)
		}
	}
}
