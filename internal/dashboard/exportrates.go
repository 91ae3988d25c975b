package dashboard

import (
	"strconv"

	"github.com/labstack/echo/v4"

	"github.com/consentry/consentry/internal/consent"
	"github.com/consentry/consentry/templates"
)

// exportedSite is one site of the overview. Its first and last day are days of its own
// time zone.
type exportedSite struct {
	Site     string   `json:"site"`
	Name     string   `json:"name"`
	TimeZone string   `json:"time_zone"`
	From     string   `json:"from"`
	To       string   `json:"to"` // included
	Total    apiTally `json:"total"`
}

// overview is what the list of all sites shows.
func (d *Dashboard) overview(c echo.Context) (list []exportedSite, err error) {
	sites := d.sites(c)
	zone, _ := zoneOf(sites, d.Now())
	period, err := d.period(c, zone)
	if err != nil {
		return nil, err
	}
	list = []exportedSite{}
	for _, site := range sites {
		own, f, err := d.ownFunnel(c, site, period)
		if err != nil {
			return nil, err
		}
		one := exportedSite{Site: site.ID, Name: site.Name, TimeZone: site.Counting.Location().String(), Total: tallied(f.Total)}
		one.From, one.To = dates(own)
		list = append(list, one)
	}
	return list, nil
}

func (d *Dashboard) getSitesJSON(c echo.Context) error {
	list, err := d.overview(c)
	if err != nil {
		return err
	}
	return answerJSON(c, struct {
		Sites []exportedSite `json:"sites"`
	}{list})
}

func (d *Dashboard) getSitesCSV(c echo.Context) error {
	list, err := d.overview(c)
	if err != nil {
		return err
	}
	rows := [][]string{{"site", "name", "time_zone", "from", "to", "banners_shown", "accepted_all", "chosen_some", "rejected_all", "ignored"}}
	for _, s := range list {
		row := []string{s.Site, s.Name, s.TimeZone, s.From, s.To}
		for _, n := range []int64{s.Total.Shown, s.Total.Accepted, s.Total.Chosen, s.Total.Rejected, s.Total.Ignored} {
			row = append(row, strconv.FormatInt(n, 10))
		}
		rows = append(rows, row)
	}
	return writeRows(c, "sites", rows)
}

// getServicesCSV has one row for each category and each service that visitors were
// asked about in the period; the rate is empty where nobody decided. Under a filter
// nothing of it is counted, and there is no row.
func (d *Dashboard) getServicesCSV(c echo.Context) error {
	q, f, _, err := d.readBoth(c)
	if err != nil {
		return err
	}
	t := table{head: []string{"category", "service", "permitted", "denied", "opt_in_rate", "opt_in_low", "opt_in_high"}}
	add := func(category, service string, s templates.Split) {
		t.rows = append(t.rows, append(append([]string{consent.Inert(category), consent.Inert(service)}, splitColumns(s)...), within(s)...))
	}
	categories := categoryNames(q.site, f.Total)
	if q.filter.Narrows() {
		categories = nil
	}
	for _, category := range categories {
		add(category.ID, "", f.Total.Status[category.ID])
		for _, s := range category.Services {
			add(category.ID, s.ID, f.Total.Services[s.ID])
		}
	}
	return attach(c, "services-", q, t)
}
