package lang

import (
	_ "embed"
	"slices"
	"strconv"
	"strings"
	"time"

	"golang.org/x/text/feature/plural"
	"golang.org/x/text/language"
)

// cldr holds for each language the months as they stand in a date, the pattern
// of a moment, and the forms of units by plural category, or by number after =.
// testdata/cldr.mjs writes it.
//
//go:embed cldr.txt
var cldr string

// Language is how one language is written.
type Language struct {
	tag   language.Tag
	entry string // lines of cldr, "" for a language that is not there
}

// Of returns the language of a BCP 47 tag.
func Of(tag string) Language {
	parsed, base := parse(tag)
	var same []string
	for l := range strings.Lines(cldr) {
		if name := strings.Trim(l, "[]\n"); l[0] == '[' && (name == base || strings.HasPrefix(name, base+"-")) {
			same = append(same, name)
		}
	}
	name := NewMatcher(append(same, "")).find(tag)
	_, rest, _ := strings.Cut(cldr, "["+name+"]\n")
	entry, _, _ := strings.Cut(rest, "\n[")
	return Language{parsed, entry}
}

// Direction is "rtl" or "ltr", as HTML's dir has it, by the script that the
// language is written in.
func (l Language) Direction() string {
	script, _ := l.tag.Script()
	switch script.String() {
	case "Adlm", "Arab", "Hebr", "Mand", "Nkoo", "Rohg", "Samr", "Syrc", "Thaa":
		return "rtl"
	}
	return "ltr"
}

// Months are the twelve as they stand in a moment.
func (l Language) Months() []string {
	if l.entry == "" {
		return strings.Fields("01 02 03 04 05 06 07 08 09 10 11 12")
	}
	return strings.Split(l.line("months"), "|")
}

// Pattern is how a moment is written: {d} {month} {y} {h} {min}; {dd} and {hh}
// have two digits.
func (l Language) Pattern() string {
	if l.entry == "" {
		return "{y}-{month}-{dd} {hh}:{min}"
	}
	return l.line("moment")
}

// Moment writes an instant so that no reader of the language reads it wrongly.
func (l Language) Moment(t time.Time) string {
	t = t.UTC()
	return strings.NewReplacer(
		"{d}", strconv.Itoa(t.Day()), "{dd}", t.Format("02"), "{month}", l.Months()[t.Month()-1], "{y}", strconv.Itoa(t.Year()),
		"{hh}", t.Format("15"), "{h}", strconv.Itoa(t.Hour()), "{min}", t.Format("04"),
	).Replace(l.Pattern()) + "\u00a0UTC"
}

// Length translates a length of time such as "13 months", as catalogue and site
// files write it. What is nothing of that kind comes back as it is.
func (l Language) Length(english string) string {
	digits, unit, _ := strings.Cut(english, " ")
	unit = strings.TrimSuffix(unit, "s")
	n, err := strconv.ParseUint(digits, 10, 16)
	if err != nil || l.entry == "" || !slices.Contains([]string{"second", "minute", "hour", "day", "week", "month", "year"}, unit) {
		return english
	}
	return strings.ReplaceAll(l.form(l.line(unit), int(n)), "{n}", digits)
}

// Phrase translates what a catalogue says about a cookie: by a table of
// sentences, else as a length of time.
func (l Language) Phrase(phrases map[string]string, english string) string {
	if own, ok := phrases[english]; ok {
		return own
	}
	return l.Length(english)
}

// form picks the one of a unit's forms that goes with a number. Where x/text
// tells more categories apart than CLDR does now, the general form is right.
func (l Language) form(forms string, n int) string {
	byName := make(map[string]string)
	for form := range strings.SplitSeq(forms, "|") {
		name, text, _ := strings.Cut(form, " ")
		byName[name] = text
	}
	categories := [...]string{
		plural.Other: "other", plural.Zero: "zero", plural.One: "one",
		plural.Two: "two", plural.Few: "few", plural.Many: "many",
	}
	category := categories[plural.Cardinal.MatchPlural(l.tag, n, 0, 0, 0, 0)]
	for _, name := range []string{"=" + strconv.Itoa(n), category, "other"} {
		if text, ok := byName[name]; ok {
			return text
		}
	}
	return byName["many"] // Slavic languages that have no other for whole numbers
}

func (l Language) line(key string) string {
	_, rest, _ := strings.Cut("\n"+l.entry, "\n"+key+": ")
	value, _, _ := strings.Cut(rest, "\n")
	return value
}
