package siteconfig

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"unicode"

	"github.com/consentry/consentry/internal/consent"
)

// rejectIsNoWord reports whether a label is too short to say anything. Where signs
// stand for sounds a word has three letters, or is one of the short ones for no.
func rejectIsNoWord(label string) bool {
	letters := 0
	for _, r := range label {
		switch {
		case alphabetic(r):
			letters++
		case unicode.IsLetter(r):
			return false
		}
	}
	return letters < 3 && !slices.Contains(strings.Fields("no ne nē ná nu ei не ні"), strings.ToLower(strings.TrimSpace(label)))
}

// saysYes reports whether a label accepts in a language, or in a common way of any:
// with the word that the built-in label of that language accepts with. A label that
// has a no or an only in it is spared.
func (l *linter) saysYes(locale, label string) bool {
	if spared.MatchString(label) {
		return false
	}
	return accepting.MatchString(label) || l.acceptsAs(locale, label)
}

// acceptsAs reports whether a label has the word, perhaps with another ending, that a
// language's built-in texts accept with.
func (l *linter) acceptsAs(locale, label string) bool {
	return hasStem(label, l.acceptWord(locale))
}

func hasStem(label, word string) bool {
	if unspaced(word) {
		return strings.Contains(label, word)
	}
	return word != "" && slices.ContainsFunc(tokens(label), func(own string) bool { return sameStem(own, word) })
}

// acceptWord is the first word that stands on the built-in button that accepts and not
// on the one that rejects; "" for a language without built-in texts.
func (l *linter) acceptWord(locale string) string {
	built, _ := l.builtin(locale, l.site.Policy)
	return tellingWord(built.AcceptAll, built.RejectAll)
}

// rejectWord is the one that tells the button that rejects.
func (l *linter) rejectWord(locale string) string {
	built, _ := l.builtin(locale, l.site.Policy)
	return tellingWord(built.RejectAll, built.AcceptAll)
}

// tellingWord is the first word of a label that another has not.
func tellingWord(label, other string) string {
	if word := unlike(label, other); unspaced(word) {
		return word
	}
	others := tokens(other)
	for _, word := range tokens(label) {
		if !slices.Contains(others, word) {
			return word
		}
	}
	return ""
}

// sameStem compares three quarters of a word, and no less than what tells words apart:
// four letters, or two where a sign is a syllable or stands without its vowels.
func sameStem(own, word string) bool {
	letters, least := []rune(word), 2
	if alphabetic(letters[0]) {
		least = 4
	}
	return len(letters) >= least && strings.HasPrefix(own, string(letters[:max(least, (len(letters)*3+3)/4)]))
}

func alphabetic(r rune) bool { return unicode.In(r, unicode.Latin, unicode.Greek, unicode.Cyrillic) }

func tokens(label string) []string {
	return strings.FieldsFunc(strings.ToLower(label), func(r rune) bool { return !unicode.IsLetter(r) && !unicode.IsMark(r) })
}

// unlike is a without what b begins with too.
func unlike(a, b string) string {
	own, other := []rune(a), []rune(b)
	n := 0
	for n < min(len(own), len(other)) && own[n] == other[n] {
		n++
	}
	return strings.TrimSpace(string(own[n:]))
}

// unspaced reports whether a text is in a script that puts no spaces between words.
func unspaced(text string) bool {
	return strings.ContainsFunc(text, func(r rune) bool { return unicode.In(r, unicode.Han, unicode.Hiragana, unicode.Katakana) })
}

func linksAnswer(l *linter) (list []finding) {
	for i, link := range l.file.Links {
		for _, locale := range slices.Sorted(maps.Keys(link.Label)) {
			for _, shown := range l.file.Locales {
				if label := link.Label[locale]; (locale == "" || locale == shown) && l.answers(shown, label) {
					list = append(list, finding{fmt.Sprintf("links[%d].label", i), fmt.Sprintf("the link %q reads as an answer", label)})
					break
				}
			}
		}
	}
	return list
}

// answers reports whether the words of a link are those of a button that accepts or
// rejects. "Consent policy" is no answer, "Accept all cookies" is.
func (l *linter) answers(locale, label string) bool {
	texts := l.site.Texts[locale]
	for _, button := range []string{texts.AcceptAll, texts.RejectAll} {
		if button != "" && strings.EqualFold(strings.TrimSpace(label), button) {
			return true
		}
	}
	if answering.MatchString(strings.TrimSpace(label)) {
		return true
	}
	word := l.acceptWord(locale)
	if unspaced(word) {
		return strings.HasPrefix(label, word) || strings.HasSuffix(label, word)
	}
	return word != "" && slices.Contains(tokens(label), word)
}

// labelsMislead finds an accept button that rejects, and buttons that do something
// else under the words of one of the answers.
func labelsMislead(l *linter) []finding {
	list := l.eachLocale(func(at string, own, all consent.Texts) *finding {
		locale := strings.TrimPrefix(at, "texts.")
		if own.AcceptAll == "" || !refusing.MatchString(own.AcceptAll) && !hasStem(own.AcceptAll, l.rejectWord(locale)) {
			return nil
		}
		return &finding{at + ".accept_all", fmt.Sprintf("%s.accept_all says %q, which rejects", at, own.AcceptAll)}
	})
	list = append(list, l.eachLocale(l.besidesAccepts)...)
	return append(list, l.eachLocale(func(at string, own, all consent.Texts) *finding {
		for _, b := range []struct{ name, own, all string }{
			{"choose", own.Choose, all.Choose}, {"save", own.Save, all.Save}, {"settings", own.Settings, all.Settings}, {"close", own.Close, all.Close},
		} {
			for _, answer := range []struct{ name, own, all string }{{"accept_all", own.AcceptAll, all.AcceptAll}, {"reject_all", "", all.RejectAll}} { // one that says what another button does is no reject
				if (b.own != "" || answer.own != "") && b.all != "" && strings.EqualFold(b.all, answer.all) {
					return &finding{l.doc.first(at+"."+b.name, at+"."+answer.name), fmt.Sprintf("%s.%s says %q, as %s does", at, b.name, b.all, answer.name)}
				}
			}
		}
		return nil
	})...)
}

// besidesAccepts finds a button that does something else and says that it accepts as
// well: closing accepts nothing, saving accepts what was switched on and not all. What
// leads on may speak of what can be accepted, and not begin with it.
func (l *linter) besidesAccepts(at string, own, all consent.Texts) *finding {
	locale := strings.TrimPrefix(at, "texts.")
	for _, b := range []struct {
		name, label string
		accepts     bool
	}{
		{"close", own.Close, l.saysYes(locale, own.Close)},
		{"save", own.Save, l.saysYes(locale, own.Save) && everything.MatchString(own.Save)},
		{"choose", own.Choose, l.beginsWithYes(locale, own.Choose)},
		{"settings", own.Settings, l.beginsWithYes(locale, own.Settings)},
	} {
		if b.label != "" && b.accepts && !strings.EqualFold(b.label, all.AcceptAll) { // which is found by itself
			return &finding{at + "." + b.name, fmt.Sprintf("%s.%s says %q, which accepts", at, b.name, b.label)}
		}
	}
	return nil
}

// beginsWithYes reports whether a label begins as one that accepts. Consent settings do
// not.
func (l *linter) beginsWithYes(locale, label string) bool {
	words := tokens(label)
	return len(words) > 0 && !spared.MatchString(label) && (agreeing.MatchString(words[0]) || hasStem(words[0], l.acceptWord(locale)))
}

func rejectAccepts(l *linter) []finding {
	return l.eachLocale(func(at string, own, _ consent.Texts) *finding {
		switch locale := strings.TrimPrefix(at, "texts."); {
		case own.RejectAll == "":
			return nil
		case rejectIsNoWord(own.RejectAll):
			return &finding{at + ".reject_all", fmt.Sprintf("%s.reject_all says %q, which is no word", at, own.RejectAll)}
		case l.saysYes(locale, own.RejectAll):
			return &finding{at + ".reject_all", fmt.Sprintf("%s.reject_all says %q, which accepts", at, own.RejectAll)}
		}
		return nil
	})
}
