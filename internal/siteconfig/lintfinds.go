package siteconfig

import (
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"
	"unicode"

	"github.com/consentry/consentry/internal/consent"
	"github.com/consentry/consentry/internal/lang"
)

// ownTexts returns the owner's sentences with their paths, in the file's order of
// names: the built-in ones were read by us.
func (l *linter) ownTexts() (list []finding) {
	for _, locale := range slices.Sorted(maps.Keys(l.file.Texts)) {
		at, own := "texts."+locale, l.file.Texts[locale]
		for _, s := range sentences(own) {
			list = append(list, finding{join(at, s.at), s.what})
		}
		for _, id := range slices.Sorted(maps.Keys(own.Categories)) {
			words := own.Categories[id]
			list = append(list, finding{at + ".categories." + id + ".title", words.Title}, finding{at + ".categories." + id + ".description", words.Description})
		}
	}
	return append(list, l.ownPhrases()...)
}

// ownPhrases are the owner's translations of what is said about cookies.
func (l *linter) ownPhrases() (list []finding) {
	for _, locale := range slices.Sorted(maps.Keys(l.file.Texts)) {
		own := l.file.Texts[locale].Phrases
		for _, english := range slices.Sorted(maps.Keys(own)) {
			list = append(list, finding{"texts." + locale + ".phrases." + english, own[english]})
		}
	}
	return list
}

// emptyPhrases are the translations, of durations or else of purposes, that say
// nothing.
func (l *linter) emptyPhrases(durations bool, empty func(string) bool, what string) (list []finding) {
	used := make(map[string]bool)
	for _, c := range l.site.Policy.Categories {
		for _, s := range c.Services {
			for _, cookie := range s.Cookies {
				used[cookie.Duration] = used[cookie.Duration] || durations
				used[cookie.Purpose] = used[cookie.Purpose] || !durations
			}
		}
	}
	for _, p := range l.ownPhrases() {
		_, english, _ := strings.Cut(p.at, ".phrases.")
		if used[english] && p.what != "" && empty(p.what) {
			list = append(list, finding{p.at, fmt.Sprintf(what, english, p.what)})
		}
	}
	return list
}

// matching are those of the owner's sentences that a pattern matches.
func (l *linter) matching(pattern *regexp.Regexp, what string) (list []finding) {
	for _, s := range l.ownTexts() {
		if found := pattern.FindString(s.what); found != "" {
			list = append(list, finding{s.at, fmt.Sprintf(what, s.at, found)})
		}
	}
	return list
}

// eachLocale asks about every language in which the owner replaced one of the
// first layer's answers.
func (l *linter) eachLocale(ask func(at string, own, all consent.Texts) *finding) (list []finding) {
	for _, locale := range slices.Sorted(maps.Keys(l.file.Texts)) {
		if f := ask("texts."+locale, l.file.Texts[locale], l.site.Texts[locale]); f != nil {
			list = append(list, *f)
		}
	}
	return list
}

func rejectDoesNotReject(l *linter) []finding {
	return append(rejectSaysSomethingElse(l), rejectAccepts(l)...)
}

func rejectSaysSomethingElse(l *linter) []finding {
	return l.eachLocale(func(at string, own, all consent.Texts) *finding {
		if own.RejectAll == "" {
			return nil
		}
		for _, other := range []string{all.AcceptAll, all.Choose, all.Save, all.Settings, all.PreferencesTitle, all.PolicyLink} {
			if strings.EqualFold(own.RejectAll, other) {
				return &finding{at + ".reject_all", fmt.Sprintf("%s.reject_all says %q, as another button does", at, own.RejectAll)}
			}
		}
		if elsewhere.MatchString(own.RejectAll) {
			return &finding{at + ".reject_all", fmt.Sprintf("%s.reject_all says %q, which leads on instead of rejecting", at, own.RejectAll)}
		}
		return nil
	})
}

func acceptIsLouder(l *linter) []finding {
	return l.eachLocale(func(at string, own, all consent.Texts) *finding {
		if !loud(all.AcceptAll) || loud(all.RejectAll) {
			return nil
		}
		return &finding{at + ".accept_all", fmt.Sprintf("%s.accept_all says %q beside %q and is the louder one", at, all.AcceptAll, all.RejectAll)}
	})
}

// loud reports whether a label shouts: signs, pictures, or capitals throughout.
func loud(label string) bool {
	letters, capitals := 0, 0
	for _, r := range label {
		switch {
		case strings.ContainsRune("!→»›✓✔", r), unicode.Is(unicode.So, r):
			return true
		case unicode.IsUpper(r):
			capitals++
			letters++
		case unicode.IsLower(r):
			letters++
		}
	}
	return letters > 2 && capitals == letters
}

func answersDiffer(l *linter) []finding {
	return l.eachLocale(func(at string, own, all consent.Texts) *finding {
		a, r := len([]rune(all.AcceptAll)), len([]rune(all.RejectAll))
		if min(a, r) == 0 || max(a, r) < 16 || max(a, r) < 2*min(a, r) {
			return nil
		}
		return &finding{answerPlace(at, own), fmt.Sprintf("%q and %q differ much in length", all.AcceptAll, all.RejectAll)}
	})
}

// answerPlace is where the owner wrote one of the two answers.
func answerPlace(at string, own consent.Texts) string {
	if own.AcceptAll != "" {
		return at + ".accept_all"
	}
	return at + ".reject_all"
}

func choosePostpones(l *linter) []finding {
	return l.eachLocale(func(at string, own, _ consent.Texts) *finding {
		if !postponing.MatchString(own.Choose) {
			return nil
		}
		return &finding{at + ".choose", fmt.Sprintf("%s.choose says %q, which is neither a yes nor a no", at, own.Choose)}
	})
}

func necessarySignals(l *linter) (list []finding) {
	for i, c := range l.file.Categories {
		for j, signal := range c.Signals {
			if c.ID == consent.Necessary && (strings.HasPrefix(signal, "ad_") || signal == "analytics_storage") {
				list = append(list, finding{fmt.Sprintf("categories[%d].signals[%d]", i, j), fmt.Sprintf("%q follows necessary, so that Google is told yes before anybody was asked", signal)})
			}
		}
	}
	return list
}

// Below the first a site nags; from the second on nobody minds.
const (
	leastMemory = Duration(30 * day)
	goodMemory  = Duration(180 * day)
)

func asksWithinAMonth(l *linter) []finding {
	if m := l.file.Memory; m >= Duration(day) && m < leastMemory {
		return []finding{{"memory", fmt.Sprintf("whoever refuses is asked again after %s", m)}}
	}
	return nil
}

func asksWithinHalfAYear(l *linter) []finding {
	if m := l.file.Memory; m >= leastMemory && m < goodMemory {
		return []finding{{"memory", fmt.Sprintf("whoever refuses is asked again after %s", m)}}
	}
	return nil
}

// textCountsCompanies reads the first layer alone: further in, the words have their use.
func textCountsCompanies(l *linter) []finding {
	list := l.matching(trade, "%s speaks of %q")
	return slices.DeleteFunc(list, func(f finding) bool {
		return !strings.HasSuffix(f.at, ".heading") && !strings.HasSuffix(f.at, ".body")
	})
}

func claimsLegitimateInterest(l *linter) []finding {
	list := l.matching(legitimateInterest, "%s claims a %q")
	l.eachCookie(func(at string, c StoredFile) {
		if legitimateInterest.MatchString(c.Purpose) {
			list = append(list, finding{at + ".purpose", fmt.Sprintf("the purpose of %q claims a legitimate interest", c.Name)})
		}
	})
	for i, c := range l.file.Categories {
		for j, p := range c.Purposes {
			if strings.Contains(p, "legitimate-interest") {
				list = append(list, finding{fmt.Sprintf("categories[%d].purposes[%d]", i, j), fmt.Sprintf("%q is no purpose but a legal basis", p)})
			}
		}
	}
	return list
}

// eachCookie visits what the owner spelled out.
func (l *linter) eachCookie(visit func(at string, c StoredFile)) {
	for i, c := range l.file.Categories {
		for j, s := range c.Services {
			for k, cookie := range s.Cookies {
				visit(fmt.Sprintf("categories[%d].services[%d].cookies[%d]", i, j, k), cookie)
			}
		}
	}
}

// underNecessary visits the services that the owner calls necessary; usual is the
// category that the catalogue has for them.
func (l *linter) underNecessary(visit func(at string, s ServiceFile, usual string)) {
	for i, c := range l.file.Categories {
		for j, s := range c.Services {
			if c.ID == consent.Necessary {
				visit(fmt.Sprintf("categories[%d].services[%d]", i, j), s, l.usual[s.ID])
			}
		}
	}
}

func marketingIsNecessary(l *linter) (list []finding) {
	l.underNecessary(func(at string, s ServiceFile, usual string) {
		if usual == "marketing" {
			list = append(list, finding{at, fmt.Sprintf("%q advertises and stands under necessary", s.ID)})
		}
	})
	list = append(list, l.vendorsHosts([]string{"marketing"}, "%q reaches %s (%s), which advertises, and stands under necessary")...)
	for i, c := range l.file.Categories {
		for j, p := range c.Purposes {
			if c.ID == consent.Necessary && slices.Contains([]string{"advertising", "profiling", "social-sharing", "audience-measurement"}, p) {
				list = append(list, finding{fmt.Sprintf("categories[%d].purposes[%d]", i, j), fmt.Sprintf("the purpose %q stands under necessary", p)})
			}
		}
	}
	return list
}

func necessaryIsDoubtful(l *linter) (list []finding) {
	l.underNecessary(func(at string, s ServiceFile, usual string) {
		if usual != "" && usual != "marketing" && usual != consent.Necessary {
			list = append(list, finding{at, fmt.Sprintf("%q stands under necessary, and usually under %s", s.ID, usual)})
			return
		}
		for k, cookie := range s.Cookies {
			if found := trackingWords.FindString(cookie.Purpose); found != "" {
				list = append(list, finding{fmt.Sprintf("%s.cookies[%d].purpose", at, k), fmt.Sprintf("%q is for %q and stands under necessary", cookie.Name, found)})
			}
		}
	})
	list = append(list, l.vendorsHosts([]string{"analytics"}, "%q reaches %s (%s), which measures, and stands under necessary")...)
	return append(list, l.vendorsCookies()...)
}

func purposeSaysNothing(l *linter) (list []finding) {
	l.eachCookie(func(at string, c StoredFile) {
		if c.Purpose != "" && namesNoPurpose(c.Purpose) {
			list = append(list, finding{at + ".purpose", fmt.Sprintf("the purpose of %q is given as %q", c.Name, c.Purpose)})
		}
	})
	return append(list, l.emptyPhrases(false, namesNoPurpose, "the purpose %q is translated as %q")...)
}

func purposeIsACommonplace(l *linter) []finding {
	var list []finding
	l.eachCookie(func(at string, c StoredFile) {
		if found := commonplace.FindString(c.Purpose); found != "" && !namesNoPurpose(c.Purpose) {
			list = append(list, finding{at + ".purpose", fmt.Sprintf("the purpose of %q speaks of %q", c.Name, found)})
		}
	})
	for _, s := range l.ownTexts() {
		if found := commonplace.FindString(s.what); found != "" && strings.HasSuffix(s.at, ".description") {
			list = append(list, finding{s.at, fmt.Sprintf("%s speaks of %q", s.at, found)})
		}
	}
	return list
}

func durationSaysNothing(l *linter) (list []finding) {
	l.eachCookie(func(at string, c StoredFile) {
		if c.Duration != "" && namesNoTime(c.Duration) {
			list = append(list, finding{at + ".duration", fmt.Sprintf("how long %q stays is given as %q", c.Name, c.Duration)})
		}
	})
	return append(list, l.emptyPhrases(true, namesNoTime, "the duration %q is translated as %q")...)
}

func useCountsAsYes(l *linter) []finding {
	return l.matching(byUse, "%s takes a visit for a yes: %q")
}

func rejectShames(l *linter) []finding {
	return l.eachLocale(func(at string, own, _ consent.Texts) *finding {
		if lang.Words(own.RejectAll) <= 5 && !firstPerson.MatchString(own.RejectAll) {
			return nil
		}
		return &finding{at + ".reject_all", fmt.Sprintf("%s.reject_all says %q", at, own.RejectAll)}
	})
}

func textPresses(l *linter) (list []finding) {
	for _, s := range l.ownTexts() {
		if name := s.at[strings.LastIndexByte(s.at, '.')+1:]; !slices.Contains([]string{"heading", "body", "preferences_intro"}, name) {
			continue
		}
		if found := pressing.FindString(s.what); found != "" {
			list = append(list, finding{s.at, fmt.Sprintf("%s says %q", s.at, found)})
		}
	}
	return list
}
