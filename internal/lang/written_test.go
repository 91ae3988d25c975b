package lang

import (
	"fmt"
	"os"
	"regexp"
	"strings"
	"testing"
	"time"
)

func known(t *testing.T) []string {
	t.Helper()
	var tags []string
	for _, m := range regexp.MustCompile(`(?m)^\[(.+)\]$`).FindAllStringSubmatch(cldr, -1) {
		tags = append(tags, m[1])
	}
	if len(tags) < 37 {
		t.Fatalf("only %d languages", len(tags))
	}
	return tags
}

// Every month and every plural form that a whole number up to 400 has, in every
// language, as they were read and found right.
func TestDatesAndLengthsAreTheOnesThatWereRead(t *testing.T) {
	var out strings.Builder
	for _, tag := range known(t) {
		l := Of(tag)
		fmt.Fprintf(&out, "%s %s\n", tag, l.Direction())
		for month := range 12 {
			fmt.Fprintf(&out, "  %s\n", l.Moment(time.Date(2026, time.Month(month+1), 2+month, 2*month, 5, 59, 0, time.UTC)))
		}
		for _, unit := range []string{"second", "minute", "hour", "day", "week", "month", "year"} {
			fmt.Fprintf(&out, "  %s:", unit)
			seen := make(map[string]bool)
			for n := 1; n <= 400; n++ {
				written := l.Length(fmt.Sprintf("%d %ss", n, unit))
				if shape := regexp.MustCompile(`\d+`).ReplaceAllString(written, "#"); !seen[shape] {
					seen[shape] = true
					fmt.Fprintf(&out, " %s;", written)
				}
			}
			fmt.Fprintf(&out, " %s\n", l.Length("30 "+unit+"s"))
		}
	}
	const file = "testdata/written.golden"
	if *update {
		if err := os.WriteFile(file, []byte(out.String()), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if string(want) != out.String() {
		t.Errorf("%s differs; read the difference, then run: go test ./internal/lang -update", file)
	}
}

// A language or a phrase that is not known is written so that everybody can read it.
func TestWhatIsNotKnownIsLeftAlone(t *testing.T) {
	at := time.Date(2026, 11, 2, 9, 5, 0, 0, time.FixedZone("", 3600))
	for tag, want := range map[string]string{
		"cy": "2026-11-02 08:05\u00a0UTC", "nn": "2. november 2026 kl. 08:05\u00a0UTC", "en-GB": "2 November 2026 at 08:05\u00a0UTC",
		"en-US": "November 2, 2026 at 08:05\u00a0UTC", "zh-TW": "2026年11月2日 08:05\u00a0UTC", "": "2026-11-02 08:05\u00a0UTC",
	} {
		if got := Of(tag).Moment(at); got != want {
			t.Errorf("%q: %q, want %q", tag, got, want)
		}
	}
	for english, want := range map[string]string{
		"2 years": "2 Jahre", "1 day": "1 Tag", "for ever": "for ever", "5 moments": "5 moments", "years": "years",
		"-1 days": "-1 days", "99999999 days": "99999999 days", "": "", "3 months, then 1 year": "3 months, then 1 year",
	} {
		if got := Of("de").Length(english); got != want {
			t.Errorf("%q: %q, want %q", english, got, want)
		}
	}
	if got := Of("cy").Length("2 years"); got != "2 years" {
		t.Errorf("Welsh: %q", got)
	}
	if got := Of("de").Phrase(map[string]string{"session": "Sitzung"}, "session"); got != "Sitzung" {
		t.Errorf("a phrase of the table: %q", got)
	}
}

func TestDirectionFollowsTheScript(t *testing.T) {
	for tag, want := range map[string]string{
		"ar": "rtl", "he": "rtl", "iw": "rtl", "fa": "rtl", "ur-PK": "rtl", "yi": "rtl", "ckb": "rtl", "dv": "rtl",
		"az-Arab": "rtl", "ar-Latn": "ltr", "en": "ltr", "tr": "ltr", "zh-Hant": "ltr", "": "ltr", "nonsense!": "ltr",
	} {
		if got := Of(tag).Direction(); got != want {
			t.Errorf("%q is %s", tag, got)
		}
	}
}

func TestWordsAreCountedWithoutSpacesToo(t *testing.T) {
	for text, want := range map[string]int{
		"": 0, "Your choice about cookies": 4, "{site} needs – a few": 4, "l’utilisation du site": 3,
		"您可以随时更改选择。": 5, "{site}の動作には、いくつかのCookieが必要です。": 10, "쿠키에 대한 선택": 3,
	} {
		if got := Words(text); got != want {
			t.Errorf("%q: %d words, want %d", text, got, want)
		}
	}
}
