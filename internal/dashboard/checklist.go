package dashboard

import (
	"github.com/labstack/echo/v4"

	"github.com/consentry/consentry/internal/consent"
	"github.com/consentry/consentry/internal/doctor"
	"github.com/consentry/consentry/templates"
)

// checklist is what a look at a page of a site found, when it was looked at.
type checklist struct {
	Site     string            `json:"site"`
	Page     string            `json:"page"`
	Looked   consent.Timestamp `json:"looked"`
	Findings []doctor.Finding  `json:"findings"`
}

// postInstallationJSON gives the checklist as consentry doctor --json has it. What
// keeps a page from being looked at is said on the page, as without a file.
func (d *Dashboard) postInstallationJSON(c echo.Context) error {
	return d.giveChecklist(c, func(list checklist) error { return attachJSON(c, list.Site+"-installation", list) })
}

func (d *Dashboard) postInstallationCSV(c echo.Context) error {
	return d.giveChecklist(c, func(list checklist) error {
		rows := [][]string{{"page", "looked", "check", "level", "says", "mend"}}
		for _, f := range list.Findings {
			rows = append(rows, []string{list.Page, written(&list.Looked), f.Check, string(f.Level), f.Says, f.Mend})
		}
		return writeRows(c, list.Site+"-installation", rows)
	})
}

func (d *Dashboard) giveChecklist(c echo.Context, give func(checklist) error) error {
	site, err := d.site(c)
	if err != nil {
		return err
	}
	page, status := d.look(c, site)
	if page.Problem != "" {
		return d.showInstallation(c, status, site, page)
	}
	return give(checklist{Site: site.ID, Page: page.Page, Looked: consent.At(page.Looked), Findings: page.Findings})
}

// leaksNow are a site's leaks in the days that its installation page tells of.
type leaksNow struct {
	Site  string    `json:"site"`
	From  string    `json:"from"`
	To    string    `json:"to"` // included
	Gate  string    `json:"gate"`
	Shown int64     `json:"shown"` // banners that people saw
	Leaks []apiLeak `json:"leaks"`
}

func (d *Dashboard) leaksNow(c echo.Context) (out leaksNow, names map[string]string, err error) {
	site, err := d.site(c)
	if err != nil {
		return out, nil, err
	}
	period := d.countedPeriod(site)
	f, err := d.funnel(c.Request().Context(), site, period)
	if err != nil {
		return out, nil, err
	}
	out = leaksNow{Site: site.ID, Gate: site.Deployment.Gate, Shown: f.Total.Shown, Leaks: []apiLeak{}}
	out.From, out.To = dates(period)
	names = make(map[string]string)
	for _, l := range leaks(site, f.Leaks) {
		out.Leaks, names[l.ID] = append(out.Leaks, leakOf(l)), l.Name
	}
	return out, names, nil
}

func leakOf(l templates.LeakRow) apiLeak { return apiLeak{l.ID, l.People, l.Few, l.Automated} }

func (d *Dashboard) getLeaksJSON(c echo.Context) error {
	out, _, err := d.leaksNow(c)
	if err != nil {
		return err
	}
	return attachJSON(c, out.Site+"-leaks", out)
}

// getLeaksCSV leaves the number of banners empty where it is too small to be shown.
func (d *Dashboard) getLeaksCSV(c echo.Context) error {
	out, names, err := d.leaksNow(c)
	if err != nil {
		return err
	}
	rows := [][]string{{"from", "to", "gate", "service", "name", "banners", "automated_banners"}}
	for _, l := range out.Leaks {
		banners := number(l.Banners)
		if l.Few {
			banners = ""
		}
		rows = append(rows, []string{out.From, out.To, out.Gate, l.Service, names[l.Service], banners, number(l.Automated)})
	}
	return writeRows(c, out.Site+"-leaks", rows)
}
