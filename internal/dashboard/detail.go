package dashboard

import (
	"encoding/csv"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"time"

	"github.com/labstack/echo/v4"

	"github.com/consentry/consentry/internal/consent"
	"github.com/consentry/consentry/templates"
)

// ErrFilter is a query that filters by something that is not counted.
var ErrFilter = errors.New("wrong filter")

// ErrFew is a value of which too little was counted for it to be shown.
var ErrFew = errors.New("too few banners were shown like this in this period to show them apart")

// shows reports whether a breakdown shows a value by itself.
func shows(b templates.Breakdown, value string) bool {
	return slices.ContainsFunc(b.Rows, func(r templates.BreakdownRow) bool { return r.Folded == 0 && r.Value == value })
}

var filterValue = regexp.MustCompile(`^[A-Za-z0-9_-]{1,32}$`)

// parseFilter reads ?kind=again&layout=bar&notice=…, or ?by=country&value=DE.
func parseFilter(q url.Values) (templates.Filter, error) {
	f := templates.Filter{Kind: q.Get("kind"), Layout: q.Get("layout"), Notice: q.Get("notice"), By: q.Get("by"), Value: q.Get("value")}
	for _, value := range []string{f.Kind, f.Layout, f.Notice, f.By, f.Value} {
		if value != "" && !filterValue.MatchString(value) {
			return f, fmt.Errorf("%w: a value is 1 to 32 letters, digits and hyphens", ErrFilter)
		}
	}
	switch {
	case f.Kind != "" && f.Kind != consent.First && f.Kind != consent.Again:
		return f, fmt.Errorf("%w: kind must be first or again", ErrFilter)
	case (f.By == "") != (f.Value == "") || f.By != "" && !slices.Contains(consent.Breakdowns(), f.By):
		return f, fmt.Errorf("%w: by must be country, locale, device, group or gpc, with a value", ErrFilter)
	case f.Value != "" && (f.Kind != "" || f.Layout != "" || f.Notice != ""):
		return f, fmt.Errorf("%w: %s is counted by itself and cannot be combined", ErrFilter, f.By)
	}
	return f, nil
}

// filterOf is parseFilter of a request.
func filterOf(c echo.Context) (templates.Filter, error) {
	f, err := parseFilter(c.QueryParams())
	if err != nil {
		return f, refuse(http.StatusBadRequest, err)
	}
	return f, nil
}

// breakdowns lists what the period's figures differ by, as far as it may be shown.
func breakdowns(f *Figures, smallest int64) (list []templates.Breakdown) {
	smallest = max(1, smallest)
	for _, id := range consent.Breakdowns() {
		if values := f.By[id]; len(values) > 0 && !(id == "group" && len(values) == 1 && values[consent.Unknown].Shown > 0) {
			list = append(list, breakdown(id, values, smallest))
		}
	}
	for id, values := range map[string]map[string]templates.Tally{"layout": f.Layouts, "variant": f.Variants} {
		if len(values) > 1 {
			list = append(list, breakdown(id, values, smallest))
		}
	}
	return list
}

// mark notes in which steps a notice was shown for the first time in the period,
// but for the one that it began with.
func mark(steps []templates.Step, notices map[string]consent.Date) {
	began := consent.Date(1<<31 - 1)
	for _, day := range notices {
		began = min(began, day)
	}
	for _, day := range notices {
		for i := range steps {
			if at := day.Time(); day != began && !at.Before(steps[i].From) && at.Before(steps[i].To) {
				steps[i].NewNotice = true
			}
		}
	}
}

// missed estimates which share of page views with a banner measurement misses.
func missed(site *consent.Site, total templates.Tally) *templates.Missed {
	category := site.Counting.Measures
	split, ok := total.Status[category]
	if !ok || total.Shown == 0 {
		return nil
	}
	permitted := min(split.Granted, total.Shown)
	return &templates.Missed{Category: categoryTitle(site, category), Split: templates.Split{Granted: total.Shown - permitted, Denied: permitted}}
}

// before is the period of the same length that ends where p begins.
func before(p templates.Period) templates.Period {
	return templates.Period{From: p.From.Add(-p.To.Sub(p.From)), To: p.From, Today: p.Today, Zone: p.Zone}
}

// comparison is what a request asks to be compared with, nil for nothing.
func (d *Dashboard) comparison(c echo.Context, site *consent.Site, p templates.Period, f templates.Filter) (*templates.Comparison, error) {
	switch c.QueryParam("compare") {
	case "":
		return nil, nil
	case "before":
	default:
		return nil, refuse(http.StatusBadRequest, fmt.Errorf("%w: compare must be before", ErrPeriod))
	}
	p = before(p)
	figures, err := d.figures(c.Request().Context(), site, p, f)
	if errors.Is(err, ErrFew) {
		return &templates.Comparison{Period: p, Few: true}, nil
	}
	if err != nil {
		return nil, err
	}
	return &templates.Comparison{Period: p, Total: figures.Total}, nil
}

// exported is everything that a site's page shows.
type exported struct {
	Site       string                `json:"site"`
	Zone       string                `json:"time_zone"`
	From       string                `json:"from"`
	To         string                `json:"to"` // included
	Filter     templates.Filter      `json:"filter"`
	Total      templates.Tally       `json:"total"`
	Days       []exportedDay         `json:"days"`
	Breakdowns []templates.Breakdown `json:"breakdowns"`
	// Compared is the period before when it is asked for and enough banners were shown
	// in it.
	Compared *templates.Tally `json:"compared,omitempty"`
}

type exportedDay struct {
	Date string `json:"date"`
	Few  bool   `json:"few,omitempty"` // too little to show; the figures are 0
	templates.Tally
}

func (d *Dashboard) getJSON(c echo.Context) error {
	site, period, f, filter, err := d.read(c)
	if err != nil {
		return err
	}
	compared, err := d.comparison(c, site, period, filter)
	if err != nil {
		return err
	}
	out := exported{
		Site: site.ID, Zone: period.Zone, From: period.From.Format(time.DateOnly), To: period.To.AddDate(0, 0, -1).Format(time.DateOnly),
		Filter: filter, Total: f.Total, Breakdowns: breakdowns(f, site.Counting.Smallest),
	}
	if compared != nil && !compared.Few {
		out.Compared = &compared.Total
	}
	for _, day := range f.Days {
		out.Days = append(out.Days, exportedDay{day.From.Format(time.DateOnly), day.Few, day.Tally})
	}
	b, err := json.Marshal(out)
	if err != nil {
		return err
	}
	return c.Blob(http.StatusOK, "application/json", append(b, '\n'))
}

// getBreakdownsCSV writes one row for each value of each breakdown.
func (d *Dashboard) getBreakdownsCSV(c echo.Context) error {
	site, period, f, _, err := d.read(c)
	if err != nil {
		return err
	}
	attach(c, "breakdowns-", site, period)
	out := csv.NewWriter(c.Response())
	out.UseCRLF = true // RFC 4180
	_ = out.Write([]string{"dimension", "value", "values", "banners_shown", "accepted_all", "chosen_some", "rejected_all", "ignored"})
	for _, b := range breakdowns(f, site.Counting.Smallest) {
		for _, r := range b.Rows {
			row := []string{b.ID, consent.Inert(r.Value), strconv.Itoa(max(1, r.Folded))}
			for _, n := range []int64{r.Shown, r.Accepted, r.Chosen, r.Rejected, r.Ignored} {
				row = append(row, strconv.FormatInt(n, 10))
			}
			_ = out.Write(row)
		}
	}
	out.Flush()
	return out.Error()
}

// read is what all pages and files about one site begin with.
func (d *Dashboard) read(c echo.Context) (*consent.Site, templates.Period, *Figures, templates.Filter, error) {
	site, period, err := d.asked(c)
	if err != nil {
		return nil, period, nil, templates.Filter{}, err
	}
	filter, err := filterOf(c)
	if err != nil {
		return nil, period, nil, filter, err
	}
	f, err := d.figures(c.Request().Context(), site, period, filter)
	return site, period, f, filter, err
}

// attach makes an answer a CSV file.
func attach(c echo.Context, what string, site *consent.Site, p templates.Period) {
	h := c.Response().Header()
	h.Set("Content-Type", "text/csv; charset=utf-8; header=present")
	h.Set("Content-Disposition", fmt.Sprintf(`attachment; filename="consentry-%s-%s%s-%s.csv"`, site.ID, what,
		p.From.Format("20060102"), p.To.AddDate(0, 0, -1).Format("20060102")))
}
