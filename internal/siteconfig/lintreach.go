package siteconfig

import "github.com/consentry/consentry/internal/consent"

func settingsOutOfReach(l *linter) []finding {
	if l.file.Settings != "none" || l.mayObject() {
		return nil
	}
	return []finding{{"settings", "settings: none leaves visitors no way to change their mind that can be seen here"}}
}

// objectionOutOfReach is about visitors who are never asked: what runs goes on unless
// they find where to object.
func objectionOutOfReach(l *linter) []finding {
	if l.file.Settings != "none" || !l.mayObject() {
		return nil
	}
	return []finding{{"settings", "with regime: local some visitors are not asked, and settings: none leaves them nowhere to object that can be seen here"}}
}

// mayObject reports whether something may run somewhere until a visitor objects.
func (l *linter) mayObject() bool {
	for _, rule := range l.site.Policy.Regimes.Rules {
		if rule.Regime != consent.OptIn {
			return true
		}
	}
	return false
}
