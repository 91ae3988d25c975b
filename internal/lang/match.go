package lang

import (
	"errors"
	"slices"
	"strings"

	"golang.org/x/text/language"
)

// maxTag is how long a tag may be; RFC 5646 asks for no more of anybody.
const maxTag = 35

// Matcher finds the offered language that somebody reads. It keeps to one
// language and finds its scripts and regions: who asks for zh-TW reads zh-Hant,
// pt-AO reads pt, nn and no read nb. It never takes one language for another,
// though x/text would (be for ru, gl for es): what else they read, visitors'
// browsers say themselves.
type Matcher struct {
	offered []string
	groups  map[string]group // by language
}

type group struct {
	names   []string
	matcher language.Matcher
}

// NewMatcher takes BCP 47 tags, at least one; the first is the default. Of two
// that are equally near the more general one is taken.
func NewMatcher(offered []string) *Matcher {
	m := &Matcher{offered: offered, groups: make(map[string]group)}
	tags := make(map[string][]language.Tag)
	general := slices.Clone(offered)
	slices.SortStableFunc(general, func(a, b string) int { return len(a) - len(b) })
	for _, name := range general {
		if tag, base := parse(name); base != "" {
			tags[base] = append(tags[base], tag)
			m.groups[base] = group{append(m.groups[base].names, name), language.NewMatcher(tags[base])}
		}
	}
	return m
}

// Match returns the first wanted language that is offered, in its nearest form,
// else the default.
func (m *Matcher) Match(wanted ...string) string {
	for _, tag := range wanted {
		if name := m.find(tag); name != "" {
			return name
		}
	}
	return m.offered[0]
}

func (m *Matcher) find(wanted string) string {
	for _, name := range m.offered {
		if strings.EqualFold(name, wanted) {
			return name
		}
	}
	tag, base := parse(wanted)
	g, ok := m.groups[base]
	if !ok {
		return ""
	}
	_, i, confidence := g.matcher.Match(tag)
	if confidence == language.No {
		return ""
	}
	return g.names[i]
}

// parse returns a tag and the language that it is grouped by, "" for none.
// Norwegian is written in two ways that everybody there reads; Portuguese
// without a region is that of Portugal here, where x/text takes it for Brazil's.
func parse(name string) (tag language.Tag, base string) {
	if len(name) > maxTag {
		return tag, ""
	}
	tag, err := language.Parse(name)
	var unknown language.ValueError // a subtag that nobody knows; the others count
	if err != nil && !errors.As(err, &unknown) {
		return tag, ""
	}
	raw, script, region := tag.Raw()
	switch base = raw.String(); {
	case base == "und":
		return tag, ""
	case base == "no":
		tag, _ = language.Compose(language.Make("nb"), script, region)
		base = "nb"
	case base == "nn":
		base = "nb"
	case base == "pt" && region == language.Region{}:
		tag, _ = language.Compose(tag, language.MustParseRegion("PT"))
	}
	return tag, base
}

// Nearest returns which of some languages a text for tag can be taken from
// without its readers finding another language or script, "" when none.
func Nearest(have []string, tag string) string {
	found := NewMatcher(have).find(tag)
	want, _ := parse(tag)
	got, _ := parse(found)
	wantBase, _ := want.Base()
	gotBase, _ := got.Base()
	wantScript, _ := want.Script()
	gotScript, _ := got.Script()
	if found == "" || wantBase != gotBase || wantScript != gotScript {
		return ""
	}
	return found
}

// Table gives what a program without a matcher needs to agree with this one: it
// looks a small-lettered tag up, then what is left without the last subtag, and
// so on; "" holds the default. Which tags may be asked for is known from the
// languages that are offered.
func (m *Matcher) Table() map[string]string {
	table := map[string]string{"": m.offered[0]}
	for _, name := range slices.Backward(m.offered) {
		table[strings.ToLower(name)] = name
	}
	for base := range m.groups {
		for _, tag := range askable(base) {
			if found := m.find(tag); found != lookUp(table, tag) && found != "" {
				table[strings.ToLower(tag)] = found
			}
		}
	}
	return table
}

// lookUp is what the browser code does.
func lookUp(table map[string]string, tag string) string {
	for tag = strings.ToLower(tag); tag != ""; tag = tag[:max(strings.LastIndexAny(tag, "-_"), 0)] {
		if name := table[tag]; name != "" {
			return name
		}
	}
	return ""
}

// askable lists tags of one language that browsers send, each after those that
// it is cut down to.
func askable(base string) []string {
	tags := []string{base}
	switch base {
	case "nb":
		tags = append(tags, "no", "nn")
	case "he":
		tags = append(tags, "iw")
	case "id":
		tags = append(tags, "in")
	case "yi":
		tags = append(tags, "ji")
	case "ro":
		tags = append(tags, "mo")
	case "fil":
		tags = append(tags, "tl")
	case "zh":
		tags = append(tags, "zh-Hans", "zh-Hant", "zh-Hans-HK", "zh-Hant-HK", "zh-Hant-MO")
	case "sr":
		tags = append(tags, "sr-Latn", "sr-Cyrl", "sh")
	case "uz", "az", "bs":
		tags = append(tags, base+"-Latn", base+"-Cyrl")
	}
	for _, region := range strings.Fields(regions(base)) {
		tags = append(tags, base+"-"+region)
	}
	return tags
}

// regions are those that operating systems and browsers offer with a language
// which is written in more ways than one.
func regions(base string) string {
	switch base {
	case "en":
		return "001 150 AU BZ CA GB GH HK IE IN JM KE MT MY NG NZ PH PK SG TT US ZA ZW"
	case "es":
		return "419 AR BO CL CO CR CU DO EC ES GT HN MX NI PA PE PR PY SV US UY VE"
	case "pt":
		return "AO BR CH CV GW LU MO MZ PT ST TL"
	case "fr":
		return "BE CA CH CI CM FR HT LU MA MC ML SN"
	case "de":
		return "AT BE CH DE IT LI LU"
	case "ar":
		return "AE BH DZ EG IQ JO KW LB LY MA OM QA SA SD SY TN YE"
	case "zh":
		return "CN HK MO MY SG TW"
	case "sr":
		return "BA ME RS XK"
	case "nl":
		return "BE NL SR"
	case "it":
		return "CH IT"
	}
	return ""
}
