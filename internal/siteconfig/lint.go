package siteconfig

import (
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/consentry/consentry/internal/consent"
)

// Rule is something that a banner must not do to the people who read it. Every
// finding carries it.
type Rule struct {
	ID     string // such as "pre-ticked"
	Source string // who says so, and where
	Mend   string // what to do instead, as the end of a sentence
	Soft   bool   // a warning: the site loads nevertheless
}

// rule is a Rule and what breaks it in a site file.
type rule struct {
	Rule
	// attempt matches the paths of settings that do not exist here, because they
	// could do nothing else.
	attempt string
	find    func(*linter) []finding
}

// finding is one place where a rule is broken, and by what.
type finding struct{ at, what string }

// linter is a site that was read, with the file that it stands in.
type linter struct {
	*builder
	site *consent.Site
}

// Rules returns every rule of the lint, in the order of the manual.
func Rules() []Rule {
	var list []Rule
	for _, r := range rules() {
		list = append(list, r.Rule)
	}
	return list
}

const (
	taskforce = "EDPB, report of the cookie banner taskforce, 17 January 2023, type "
	cnil      = "CNIL, recommendation 2020-092 of 17 September 2020"
	ccpa      = "CCPA regulations, 11 CCR 7004"
	planet49  = "CJEU C-673/17 (Planet49)"
)

// rules is the one table of the lint.
func rules() []rule {
	return []rule{
		{Rule{"no-reject", taskforce + "A; " + cnil, "reject all stands beside accept all on the first layer; let its words say that it rejects", false},
			`^(no_|hide_|show_)?(reject|decline|refuse|deny)(_all|_button|_layer)?$|^buttons\b`, rejectDoesNotReject},
		{Rule{"reject-weaker", taskforce + "D and E; " + ccpa + "(a)(2)", "accept and reject share one pair of colours, one size and one weight; set button and button_text", false},
			`(^|\.)(accept|primary|secondary)(_(button|colou?r|background|size|weight|style|text))*$|\.(reject|decline|refuse|deny)[a-z_]*$|^(reject|decline|refuse|deny)_(color|colour|style|size|weight|link|text)[a-z_]*$|^(button_)?order$`, nil},
		{Rule{"accept-louder", taskforce + "D and E; " + ccpa + "(a)(2)", "write both answers in the same plain letters", false}, "", acceptIsLouder},
		{Rule{"answering-link", taskforce + "C; " + ccpa + "(a)(2)", "the two buttons are the answers, a link leads to a page; name that page", false}, "", linksAnswer},
		{Rule{"misleading-label", ccpa + "(a)(3) and (4); EDPB guidelines 03/2022, misleading action", "let each button say what it does, and no two of them the same", false}, "", labelsMislead},
		{Rule{"answers-unlike", ccpa + "(a)(2)", "make both answers about as long, so that both are read at a glance", true}, "", answersDiffer},
		{Rule{"unreadable", taskforce + "E; WCAG 2.2, 1.4.3", "make one of them darker or lighter", false}, "", nil},
		{Rule{"pre-ticked", taskforce + "B; " + planet49, "everything optional is off until the visitor switches it on", false},
			`^categories\[\d+\](\.services\[\d+\])?\.(checked|preselected|pre_?ticked|default|enabled|granted|on|opt_out)$|^(preselected|pre_?ticked|defaults?)$`, necessarySignals},
		{Rule{"ask-later", ccpa + "(a)(2)", "name what it does, such as Choose; whoever does not want to answer can leave the banner alone", false}, "", choosePostpones},
		{Rule{"nagging", "CNIL, guidelines 2020-091 and FAQ: about six months; Garante, 10 June 2021, no. 231: at least six months", "ask again after 180 days, and never sooner than after 30", false},
			`^(ask_again|re_?ask|remind|repeat|refusal_memory|reject_memory)[a-z_]*$`, asksWithinAMonth},
		{Rule{"short-memory", "CNIL, guidelines 2020-091 and FAQ: about six months; Garante, 10 June 2021, no. 231: at least six months", "write 180d or more, or leave the line out", true}, "", asksWithinHalfAYear},
		{Rule{"legitimate-interest", taskforce + "H; ePrivacy directive, article 5(3)", "what stores or reads on a device needs consent unless it is necessary for the service; leave the phrase out", false},
			`(^|\.)(legal_basis|legitimate_interests?)$`, claimsLegitimateInterest},
		{Rule{"marketing-necessary", taskforce + "I; ePrivacy directive, article 5(3)", "move it to a category that visitors decide about", false}, "", marketingIsNecessary},
		{Rule{"perhaps-not-necessary", taskforce + "I", "move it, unless visitors ask for this very thing and it could not be done without; be ready to say why", true}, "", necessaryIsDoubtful},
		{Rule{"vague-purpose", "GDPR 13(1)(c); WP260 rev.01, 12", "say in one sentence what it is for", false}, "", purposeSaysNothing},
		{Rule{"unclear-purpose", "WP260 rev.01, 12; " + cnil, "say what is done: measured, remembered, shown", true}, "", purposeIsACommonplace},
		{Rule{"no-duration", planet49 + ", 81; GDPR 13(2)(a)", `write how long it stays, such as "13 months" or "session"`, false}, "", durationSaysNothing},
		{Rule{"settings-out-of-reach", "GDPR 7(3); " + taskforce + "K", "write settings: button or link, or settings: own when every page has a link of yours to #consentry-settings", true}, "", settingsOutOfReach},
		{Rule{"objection-out-of-reach", "CCPA regulations, 11 CCR 7015 and 7026; GDPR 21(4)", "write settings: button or link, or settings: own when every page has a link of yours to #consentry-settings", false}, "", objectionOutOfReach},
		{Rule{"consent-by-use", "GDPR recital 32; EDPB guidelines 05/2020, 86; " + planet49, "only a click on a button that says so is a yes; leave the sentence out", false},
			`^(accept_on|accept_after|auto_accept|implied|scroll|timeout|close_accepts|dismiss)[a-z_]*$`, useCountsAsYes},
		{Rule{"wall", "EDPB guidelines 05/2020, 39 to 41", "the page stays usable without an answer", false}, `^(cookie_)?wall$|^(block_page|overlay|force)[a-z_]*$`, nil},
		{Rule{"shaming", ccpa + "(a)(4); EDPB guidelines 03/2022, emotional steering", "let it say no in one to three words", true}, "", rejectShames},
		{Rule{"pressure", "EDPB guidelines 03/2022, emotional steering; " + ccpa + "(a)(4)", "say what is asked and nothing else", true}, "", textPresses},
		{Rule{"jargon", "GDPR 12(1); WP260 rev.01, 12", "say on the first layer what is done; who does it stands in the list of services", true}, "", textCountsCompanies},
	}
}

// lint holds a site against every rule. A site whose file could not be read as
// meant gets what can be said nevertheless.
func (b *builder) lint(site *consent.Site) {
	l := &linter{builder: b, site: site}
	for _, r := range rules() {
		for _, f := range l.attempts(r.attempt) {
			b.breaks(r.Rule, f)
		}
		if r.find == nil {
			continue
		}
		for _, f := range r.find(l) {
			b.breaks(r.Rule, f)
		}
	}
}

// attempts finds settings that the program does not have and that say what
// their author wanted.
func (l *linter) attempts(pattern string) (list []finding) {
	if pattern == "" {
		return nil
	}
	wanted := regexp.MustCompile(pattern)
	for _, path := range l.doc.unknown {
		if wanted.MatchString(path) && !strings.HasPrefix(path, variantAt+".") {
			list = append(list, finding{path, fmt.Sprintf("there is no %q, on purpose", path)})
		}
	}
	return list
}

func (b *builder) breaks(r Rule, f finding) {
	at := b.doc.nearest(f.at)
	b.doc.problems = append(b.doc.problems, Problem{
		File: b.doc.file, Line: at.line, Column: at.column, Warning: r.Soft, Rule: r.ID,
		Message: fmt.Sprintf("%s; %s (rule %s: %s)", f.what, r.Mend, r.ID, r.Source),
	})
}

func ruleNamed(id string) Rule {
	all := rules()
	return all[slices.IndexFunc(all, func(r rule) bool { return r.ID == id })].Rule
}
