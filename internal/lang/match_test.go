package lang

import (
	"bytes"
	"encoding/json"
	"flag"
	"maps"
	"os"
	"slices"
	"strings"
	"testing"
)

var update = flag.Bool("update", false, "write the tables of match.json and the golden files anew")

// matching is a part of match.json, which the browser code's tests read too.
type matching struct {
	Offered []string          `json:"offered"`
	Table   map[string]string `json:"table"`
	Cases   []matchingCase    `json:"cases"`
}

type matchingCase struct {
	Wanted []string `json:"wanted"`
	Found  string   `json:"found"`
}

func matchings(t *testing.T) []matching {
	t.Helper()
	src, err := os.ReadFile("testdata/match.json")
	if err != nil {
		t.Fatal(err)
	}
	var all []matching
	if err := json.Unmarshal(src, &all); err != nil {
		t.Fatal(err)
	}
	return all
}

// Server and browser find the same: here by the matcher, there by the table.
func TestVisitorsGetTheNearestLanguage(t *testing.T) {
	all := matchings(t)
	for i, m := range all {
		matcher := NewMatcher(m.Offered)
		for _, c := range m.Cases {
			if got := matcher.Match(c.Wanted...); got != c.Found {
				t.Errorf("%v of %v is %s, want %s", c.Wanted, m.Offered, got, c.Found)
			}
		}
		if all[i].Table = matcher.Table(); !*update && !maps.Equal(all[i].Table, m.Table) {
			t.Errorf("the table of %v is %v; look at the difference, then run: go test ./internal/lang -update", m.Offered, all[i].Table)
		}
	}
	if *update {
		var out bytes.Buffer
		out.WriteString("[\n")
		for i, m := range all {
			line, err := json.Marshal(m)
			if err != nil {
				t.Fatal(err)
			}
			out.Write(line)
			if i < len(all)-1 {
				out.WriteByte(',')
			}
			out.WriteByte('\n')
		}
		out.WriteString("]\n")
		if err := os.WriteFile("testdata/match.json", out.Bytes(), 0o644); err != nil {
			t.Fatal(err)
		}
	}
}

// The table is as good as the matcher for every tag that browsers send.
func TestTheTableAgreesWithTheMatcher(t *testing.T) {
	var tags []string
	bases := "aa af am ar az be bg bn br bs ca ckb co cs cy da de el en eo es et eu fa fi fil fo fr fy ga gd gl gu he hi hr hu hy id in is it iw ja ji ka kk km kn ko ku ky lb lo lt lv mi mk ml mn mo mr ms mt my nb ne nl nn no oc pa pl ps pt qu ro ru sh si sk sl so sq sr sv sw ta te tg th tl tr uk ur uz vi yi yue zh zu"
	for base := range strings.FieldsSeq(bases) {
		tags = append(tags, askable(base)...)
		for _, ending := range []string{"-XX", "-DE", "-u-ca-buddhist", "-x-own"} {
			tags = append(tags, base+ending)
		}
	}
	for _, m := range matchings(t) {
		matcher, table := NewMatcher(m.Offered), NewMatcher(m.Offered).Table()
		if slices.ContainsFunc(m.Offered, func(tag string) bool { return strings.HasSuffix(tag, "-AT") || strings.HasSuffix(tag, "-GB") }) {
			continue // only the regions in the list are told apart then
		}
		for _, tag := range tags {
			if got, want := lookUp(table, tag), matcher.find(tag); got != want {
				t.Errorf("%s of %v is %q by the table, %q by the matcher", tag, m.Offered, got, want)
			}
		}
	}
}

// What a visitor sends costs no time and breaks nothing.
func TestNonsenseGetsTheDefault(t *testing.T) {
	m := NewMatcher([]string{"en", "de"})
	for _, tag := range []string{"", "-", "--de", "und", "und-DE", "x-de", "i-de", "*", "\x00", "de\x00", strings.Repeat("de-", 4000), "d", "öö"} {
		if got := m.Match(tag); got != "en" {
			t.Errorf("%.20q is %s", tag, got)
		}
	}
}

// A text is shown under the tag that a site gives it, so it has to be in that
// language and script.
func TestTextsAreTakenFromTheSameLanguageOnly(t *testing.T) {
	have := []string{"en", "de", "nb", "pt", "pt-BR", "sr", "zh-Hans", "zh-Hant", "he"}
	for tag, want := range map[string]string{
		"en-GB": "en", "de-AT": "de", "no": "nb", "nn": "", "pt-PT": "pt", "pt-AO": "pt", "pt-BR": "pt-BR",
		"zh": "zh-Hans", "zh-TW": "zh-Hant", "zh-HK": "zh-Hant", "iw": "he", "sr-Latn": "", "fr": "", "": "", "English": "",
	} {
		if got := Nearest(have, tag); got != want {
			t.Errorf("%s is written like %q, want %q", tag, got, want)
		}
	}
}
