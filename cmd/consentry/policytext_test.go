package main

import (
	"strings"
	"testing"
)

// The paragraph for the privacy policy says of a click under a signal what really
// follows from it, under every setting.
func TestThePolicyTextSaysWhatAClickUnderASignalCounts(t *testing.T) {
	const kept = `While your browser sends it, "Share buttons and embeds" cannot be allowed on this site as a whole, only single embeds where they stand; anything else that you allow after that counts.`
	for _, c := range []struct{ what, settings, categories, want string }{
		{"by default", "", "", kept},
		{"also where the law binds", "gpc: binding", "", kept},
		{"with the owner's leave", "site_specific_override: true", "", "What you allow on this site after that counts all the same; the page tells you of the signal when you are asked."},
		{"with nothing that sells or shares", "", "categories: [{id: analytics, services: [matomo]}]", "What you allow on this site after that counts all the same"},
		{"with nothing else", "", "categories: [{id: share, services: [youtube]}]", "While your browser sends it, nothing optional can be allowed on this site but single embeds where they stand."},
		{"by the owner's word", "", "categories: [{id: analytics, services: [matomo]}, {id: share, sale_share: false, services: [youtube]}]", "What you allow on this site after that counts all the same"},
	} {
		dir := newShop(t, "https://shop.example", anyPorts)
		file := content(t, siteFile(dir))
		if c.categories != "" {
			head, _, _ := strings.Cut(file, "\ncategories:")
			file = head + "\n" + c.categories
		}
		replace(t, siteFile(dir), file+"\n"+c.settings+"\n")
		if got := wantCommand(t, exitOK, c.want, "policy-text", "shop", "--config", dir); strings.Count(got, "While your browser")+strings.Count(got, "counts all the same") != 1 {
			t.Errorf("%s: it says two things\n%s", c.what, got)
		}
	}
}
