package consent_test

import (
	"reflect"
	"testing"

	"github.com/consentry/consentry/internal/consent"
)

// askedAbout is a category as a frame keeps it.
func askedAbout(t *testing.T, c consent.Category) consent.FrameCategory {
	t.Helper()
	return shopFrame(consent.NewPolicy(consent.Policy{Site: "shop", Categories: []consent.Category{c}})).Categories[1]
}

// What a visitor is told on a re-ask: all that made the digest another one, and nothing
// that did not.
func TestWhatHasChangedSinceAnAnswer(t *testing.T) {
	cookie := consent.Cookie{Name: "_ga", Kind: "cookie", Provider: "Google", Purpose: "Tells visitors apart.", Duration: "13 months", Recipients: []string{"Google LLC"}}
	base := func() consent.Category {
		return consent.Category{ID: "analytics", Purposes: []string{"audience-measurement"}, Services: []consent.Service{
			{ID: "ga4", Name: "Google Analytics", Company: "Google Ireland", Country: "IE", Hosts: []string{"a.example"}, Cookies: []consent.Cookie{cookie}},
			{ID: "matomo", Name: "Matomo", Company: "Acme"},
		}}
	}
	was := askedAbout(t, base())
	for _, c := range []struct {
		what   string
		change func(*consent.Category)
		want   []consent.Change
	}{
		{"nothing", func(*consent.Category) {}, nil},
		{"the order and a host, which ask nobody again", func(c *consent.Category) {
			c.Services[0], c.Services[1] = c.Services[1], c.Services[0]
			c.Services[0].Hosts = []string{"b.example"}
		}, nil},
		{"a service added", func(c *consent.Category) {
			c.Services = append(c.Services, consent.Service{ID: "hotjar", Name: "Hotjar"})
		}, []consent.Change{{Is: "Hotjar"}}},
		{"a service removed", func(c *consent.Category) { c.Services = c.Services[:1] }, []consent.Change{{Was: "Matomo"}}},
		{"a purpose in another's place", func(c *consent.Category) { c.Purposes = []string{"advertising"} }, []consent.Change{{Is: "advertising"}, {Was: "audience-measurement"}}},
		{"a cookie in another's place", func(c *consent.Category) { c.Services[0].Cookies[0].Name = "_gid" },
			[]consent.Change{{Service: "Google Analytics", Is: "_gid"}, {Service: "Google Analytics", Was: "_ga"}}},
		{"a duration", func(c *consent.Category) { c.Services[0].Cookies[0].Duration = "2 years" },
			[]consent.Change{{Service: "Google Analytics", Entry: "_ga", Was: "13 months", Is: "2 years"}}},
		{"a cookie's purpose", func(c *consent.Category) { c.Services[0].Cookies[0].Purpose = "Advertises." },
			[]consent.Change{{Service: "Google Analytics", Entry: "_ga", Was: "Tells visitors apart.", Is: "Advertises."}}},
		{"a provider", func(c *consent.Category) { c.Services[0].Cookies[0].Provider = "Others" },
			[]consent.Change{{Service: "Google Analytics", Entry: "_ga", Was: "Google", Is: "Others"}}},
		{"a recipient more", func(c *consent.Category) { c.Services[0].Cookies[0].Recipients = []string{"Google LLC", "Others Inc"} },
			[]consent.Change{{Service: "Google Analytics", Entry: "_ga", Is: "Others Inc"}}},
		{"another company", func(c *consent.Category) { c.Services[0].Country = "US" },
			[]consent.Change{{Service: "Google Analytics", Was: "Google Ireland (IE)", Is: "Google Ireland (US)"}}},
	} {
		now := base()
		now.Services[0].Cookies = []consent.Cookie{cookie}
		c.change(&now)
		is := askedAbout(t, now)
		got := consent.Since(was, is)
		if !reflect.DeepEqual(got, c.want) {
			t.Errorf("%s: %+v, want %+v", c.what, got, c.want)
		}
		if (len(got) > 0) != (is.Digest != was.Digest) {
			t.Errorf("%s: asked again: %v", c.what, is.Digest != was.Digest)
		}
	}
}

// Of what an older version asked, services are told by their ids.
func TestOfAQuestionWithoutDetailsTheServicesAreKnown(t *testing.T) {
	was := shopFrame(shopPolicy()).Categories[1]
	is := was
	is.Details = &consent.FrameDetails{Services: []consent.FrameService{{ID: "ga4", Name: "Google Analytics"}, {ID: "hotjar", Name: "Hotjar"}}}
	was.Details = nil
	if got, want := consent.Since(was, is), []consent.Change{{Is: "Hotjar"}, {Was: "matomo"}}; !reflect.DeepEqual(got, want) {
		t.Errorf("%+v, want %+v", got, want)
	}
}
