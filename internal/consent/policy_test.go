package consent_test

import (
	"slices"
	"testing"

	"github.com/consentry/consentry/internal/consent"
)

func TestNecessaryComesFirstAndIsAddedWhenItIsMissing(t *testing.T) {
	given := []consent.Category{{ID: "a"}, {ID: consent.Necessary, Material: "kept"}, {ID: "b"}}
	p := consent.NewPolicy(consent.Policy{Categories: given})
	if ids(p.Categories) != "necessary a b " || p.Categories[0].Material != "kept" || ids(p.Optional()) != "a b " {
		t.Errorf("categories %s, optional %s", ids(p.Categories), ids(p.Optional()))
	}
	if ids(given) != "a necessary b " {
		t.Errorf("the caller's list became %s", ids(given))
	}
	if p := consent.NewPolicy(consent.Policy{}); ids(p.Categories) != "necessary " || len(p.Optional()) != 0 {
		t.Errorf("an empty policy has %s", ids(p.Categories))
	}
}

func ids(list []consent.Category) (s string) {
	for _, c := range list {
		s += c.ID + " "
	}
	return s
}

// digestsAfter applies a change to a deep copy of the shop's analytics category
// and its policy, and returns the digests.
func digestsAfter(change func(*consent.Policy, *consent.Category)) (category, notice string) {
	p := *shopPolicy()
	p.Categories = slices.Clone(p.Categories)
	c := &p.Categories[1]
	c.Services = slices.Clone(c.Services)
	c.Services[0].Cookies = slices.Clone(c.Services[0].Cookies)
	change(&p, c)
	q := consent.NewPolicy(p)
	return q.CategoryDigest("analytics"), q.NoticeDigest()
}

func TestWhatAGrantWasGivenForChangesTheDigest(t *testing.T) {
	category, notice := digestsAfter(func(*consent.Policy, *consent.Category) {})
	seen := map[string]string{category: "nothing"}
	for name, change := range map[string]func(*consent.Policy, *consent.Category){
		"a purpose":         func(_ *consent.Policy, c *consent.Category) { c.Purposes = []string{"profiling"} },
		"the material mark": func(_ *consent.Policy, c *consent.Category) { c.Material = "2" },
		"a new service": func(_ *consent.Policy, c *consent.Category) {
			c.Services = append(c.Services, consent.Service{ID: "new"})
		},
		"a service gone":     func(_ *consent.Policy, c *consent.Category) { c.Services = c.Services[:1] },
		"another recipient":  func(_ *consent.Policy, c *consent.Category) { c.Services[0].Company = "Other Ltd" },
		"another country":    func(_ *consent.Policy, c *consent.Category) { c.Services[0].Country = "US" },
		"a cookie's name":    func(_ *consent.Policy, c *consent.Category) { c.Services[0].Cookies[0].Name = "_gid" },
		"a cookie's kind":    func(_ *consent.Policy, c *consent.Category) { c.Services[0].Cookies[0].Kind = "local" },
		"a cookie's purpose": func(_ *consent.Policy, c *consent.Category) { c.Services[0].Cookies[0].Purpose = "Advertises" },
		"a longer duration":  func(_ *consent.Policy, c *consent.Category) { c.Services[0].Cookies[0].Duration = "2 years" },
		"a cookie's provider": func(_ *consent.Policy, c *consent.Category) {
			c.Services[0].Cookies[0].Provider = "Other"
		},
		"whose domain a cookie is under": func(_ *consent.Policy, c *consent.Category) {
			c.Services[0].Cookies[0].ThirdParty = true
		},
		"who receives a cookie": func(_ *consent.Policy, c *consent.Category) {
			c.Services[0].Cookies[0].Recipients = []string{"Google LLC", "Other"}
		},
	} {
		changed, changedNotice := digestsAfter(change)
		if other, twice := seen[changed]; twice || changedNotice == notice {
			t.Errorf("%s has the digest of %s", name, other)
		}
		seen[changed] = name
	}
}

func TestWhatNobodyDecidedAboutKeepsTheDigest(t *testing.T) {
	category, notice := digestsAfter(func(*consent.Policy, *consent.Category) {})
	for name, change := range map[string]func(*consent.Policy, *consent.Category){
		"a vendor's name":   func(_ *consent.Policy, c *consent.Category) { c.Services[0].Name = "Google Analytics" },
		"a vendor's host":   func(_ *consent.Policy, c *consent.Category) { c.Services[0].Hosts = []string{"cdn.example"} },
		"a policy link":     func(_ *consent.Policy, c *consent.Category) { c.Services[0].PolicyURL = "https://g.example" },
		"a vendor's calls":  func(_ *consent.Policy, c *consent.Category) { c.Services[0].Calls = &consent.Calls{Global: "a"} },
		"consent mode keys": func(_ *consent.Policy, c *consent.Category) { c.Signals = []string{"ad_storage"} },
		"lists written out": func(_ *consent.Policy, c *consent.Category) {
			c.Services[1].Cookies = []consent.Cookie{}
		},
		"services in another order": func(_ *consent.Policy, c *consent.Category) { slices.Reverse(c.Services) },
	} {
		if changed, changedNotice := digestsAfter(change); changed != category || changedNotice != notice {
			t.Errorf("%s asks everybody again", name)
		}
	}
}

func TestTheOrderOfListsAndAnEmptyOneAskNobodyAgain(t *testing.T) {
	digest := func(purposes, recipients []string, cookies ...consent.Cookie) string {
		for i := range cookies {
			cookies[i].Recipients = recipients
		}
		p := consent.NewPolicy(consent.Policy{Categories: []consent.Category{{ID: "a", Purposes: purposes, Services: []consent.Service{{ID: "s", Cookies: cookies}}}}})
		return p.CategoryDigest("a")
	}
	one, two := consent.Cookie{Name: "1"}, consent.Cookie{Name: "2"}
	if digest([]string{"x", "y"}, []string{"r", "q"}, one, two) != digest([]string{"y", "x"}, []string{"q", "r"}, two, one) {
		t.Error("another order has another digest")
	}
	there := consent.Cookie{Name: "1", ThirdParty: true}
	if digest(nil, nil, one, there) != digest(nil, nil, there, one) {
		t.Error("a name that is kept in two places has two digests")
	}
	if digest(nil, nil, one) != digest([]string{}, []string{}, one) {
		t.Error("an empty list differs from a missing one")
	}
}

func TestTheControllerBelongsToTheNoticeAndToNoCategory(t *testing.T) {
	category, notice := digestsAfter(func(*consent.Policy, *consent.Category) {})
	changed, changedNotice := digestsAfter(func(p *consent.Policy, _ *consent.Category) { p.Controller.Address = "2 Road" })
	if changed != category || changedNotice == notice {
		t.Error("a new address of the controller changes the wrong digest")
	}
}

// A changed digest asks every visitor of every site again, so that these may
// change in a release that says so and in no other.
func TestDigestsStayWhatTheyAre(t *testing.T) {
	p := shopPolicy()
	for id, want := range map[string]string{"necessary": "48ZG5fIg", "analytics": "uiKz-SJj", "share": "XLbyQFae", "marketing": "jqBa-kvx", "unknown": ""} {
		if got := p.CategoryDigest(id); got != want {
			t.Errorf("%s has the digest %q, want %q", id, got, want)
		}
	}
	if got, want := p.NoticeDigest(), "-aZBMlKSLeqDzNOemwL7fZUlsct0ZfAoeCMAD0ghjdQ"; got != want {
		t.Errorf("the notice has the digest %q, want %q", got, want)
	}
}

func TestAServiceIsFoundUnderItsCategory(t *testing.T) {
	p := shopPolicy()
	for service, want := range map[string]string{"ga4": "analytics", "youtube": "share", "basket": consent.Necessary, "unknown": "", "": ""} {
		if got := p.CategoryOf(service); got != want {
			t.Errorf("%q stands under %q, want %q", service, got, want)
		}
	}
}
