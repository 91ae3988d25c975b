package templates

import (
	"fmt"
	"time"

	"github.com/consentry/consentry/internal/consent"
	"github.com/consentry/consentry/internal/doctor"
)

// InstallationPage is the checklist of what is installed right, for a page of a
// site.
type InstallationPage struct {
	Nonce    string
	Viewer   Viewer
	ID, Name string
	Page     string // which page is asked about
	Problem  string // why there is no checklist, "" when nothing went wrong
	Looked   time.Time
	Findings []doctor.Finding // empty before anything was looked at
	Counted  *Tally           // in the last Days, today included; nil when it cannot be read
	Days     int
	Gate     string    // the gate's mode
	Leaks    []LeakRow // in the same days
	Smallest int64     // number that is shown of a leak
}

// Leak counts banners on whose page a service had been requested although nobody
// had permitted it.
type Leak struct{ People, Automated int64 }

// LeakRow is a service that was requested so.
type LeakRow struct {
	ID, Name string
	Few      bool // fewer people than are shown; People is 0
	Leak
}

func (p *InstallationPage) address() string { return "/admin/sites/" + p.ID + "/installation" }

func (p *InstallationPage) leaksFile(format string) string {
	return "/admin/sites/" + p.ID + "/leaks." + format
}

func (p *InstallationPage) of(level doctor.Level) (n int) {
	for _, f := range p.Findings {
		if f.Level == level {
			n++
		}
	}
	return n
}

// verdict is what the checklist comes to.
func (p *InstallationPage) verdict() string {
	wrong, warnings := p.of(doctor.Wrong), p.of(doctor.Warning)
	switch {
	case wrong > 0:
		return fmt.Sprintf("%d of %d %s wrong", wrong, len(p.Findings), plural(wrong, "is", "are"))
	case warnings > 0:
		return fmt.Sprintf("Nothing is wrong; %d %s", warnings, plural(warnings, "warning", "warnings"))
	}
	return "All is installed right"
}

func levelWord(l doctor.Level) string {
	switch l {
	case doctor.Wrong:
		return "Wrong"
	case doctor.Warning:
		return "Warning"
	}
	return "Right"
}

// watches reports whether the gate knows whose a request is.
func (p *InstallationPage) watches() bool {
	return p.Gate == consent.GateKnown || p.Gate == consent.GateStrict
}

// leaked is what was seen of requests that nobody permitted, before the rows.
func (p *InstallationPage) leaked() string {
	switch {
	case p.Counted == nil:
		return "What was counted is not known while the store is away."
	case len(p.Leaks) > 0:
		return fmt.Sprintf("In the last %d days pages asked a service before the visitor had decided. Of %s that people saw:",
			p.Days, bannersOf(p.Counted.Shown))
	case p.Counted.Shown+p.Counted.AutoShown == 0:
		return fmt.Sprintf("None seen: in the last %d days no banner was shown that could have told of one.", p.Days)
	}
	return fmt.Sprintf("None seen in the last %d days, beside %s that people saw.", p.Days, bannersOf(p.Counted.Shown))
}

func bannersOf(n int64) string { return grouped(n) + " " + plural(int(n), "banner", "banners") }

// says is on how many banners' pages it was.
func (r *LeakRow) says(p *InstallationPage) string {
	text := fmt.Sprintf("on the pages of %s", bannersOf(r.People))
	switch {
	case r.Few:
		text = fmt.Sprintf("on the pages of fewer than %d banners", p.Smallest)
	case r.People == 0:
		return fmt.Sprintf("on %s opened by programs alone", pagesOf(r.Automated))
	}
	if r.Automated > 0 {
		text += fmt.Sprintf(", and on %s opened by programs", pagesOf(r.Automated))
	}
	return text
}

func pagesOf(n int64) string { return grouped(n) + " " + plural(int(n), "page", "pages") }

// counted is what the server knows of a site without asking anybody.
func (p *InstallationPage) counted() string {
	switch t := p.Counted; {
	case t == nil:
		return "What was counted is not known while the store is away."
	case t.Shown+t.Events > 0:
		return fmt.Sprintf("In the last %d days people saw %s %s and made %s %s: pages load the gate, and what it sends arrives.",
			p.Days, grouped(t.Shown), plural(int(t.Shown), "banner", "banners"), grouped(t.Events), plural(int(t.Events), "decision", "decisions"))
	case t.AutoShown+t.AutoMade > 0:
		return fmt.Sprintf("In the last %d days only programs saw the banner, and no people.", p.Days)
	case len(p.Findings) > 0 && p.of(doctor.Wrong) == 0:
		return fmt.Sprintf("In the last %d days nothing was counted: nobody has come yet, or nobody had to be asked. Open the page in a browser, and the first banner appears here.", p.Days)
	}
	return fmt.Sprintf("In the last %d days nothing was counted: no page loads the gate, what it sends does not arrive, or nobody had to be asked.", p.Days)
}
