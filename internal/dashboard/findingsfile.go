package dashboard

import (
	"github.com/labstack/echo/v4"

	"github.com/consentry/consentry/internal/consent"
	"github.com/consentry/consentry/templates"
)

// exportedFinding is what the lint says about a place of a site's file.
type exportedFinding struct {
	Place string `json:"place"` // file:line:column
	Level string `json:"level"` // refused, warning
	Says  string `json:"says"`
}

func (d *Dashboard) findingsOf(site *consent.Site) []exportedFinding {
	list := []exportedFinding{}
	for _, f := range d.findings(site) {
		level := "warning"
		if f.Hard {
			level = "refused"
		}
		list = append(list, exportedFinding{f.Place, level, f.Text})
	}
	return list
}

// findings is empty when nobody knows them.
func (d *Dashboard) findings(site *consent.Site) []templates.Finding {
	if d.Findings == nil {
		return nil
	}
	return findings(d.Findings(site))
}

func (d *Dashboard) getFindingsJSON(c echo.Context) error {
	site, err := d.site(c)
	if err != nil {
		return err
	}
	return attachJSON(c, site.ID+"-findings", map[string]any{"site": site.ID, "file": site.Source, "findings": d.findingsOf(site)})
}

func (d *Dashboard) getFindingsCSV(c echo.Context) error {
	site, err := d.site(c)
	if err != nil {
		return err
	}
	rows := [][]string{{"place", "level", "says"}}
	for _, f := range d.findingsOf(site) {
		rows = append(rows, []string{f.Place, f.Level, f.Says})
	}
	return writeRows(c, site.ID+"-findings", rows)
}
