package dashboard

import (
	"errors"
	"fmt"
	"maps"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/labstack/echo/v4"

	"github.com/consentry/consentry/internal/consent"
	"github.com/consentry/consentry/templates"
)

// ErrFilter is a query that filters by something that is not counted.
var ErrFilter = errors.New("wrong filter")

// ErrFew is a value of which too little was counted for it to be shown.
var ErrFew = errors.New("too few banners were shown like this in this period to show them apart")

var (
	filterValue = regexp.MustCompile(`^[A-Za-z0-9_-]{1,32}$`)
	// noticeDigest is the beginning of a digest, or all of it.
	noticeDigest = regexp.MustCompile(`^[A-Za-z0-9_-]{8,43}$`)
)

// parseFilter reads ?kind=again&layout=bar&notice=…, or ?by=country&value=DE.
func parseFilter(q url.Values) (templates.Filter, error) {
	f := templates.Filter{Kind: q.Get("kind"), Layout: q.Get("layout"), Notice: q.Get("notice"), By: q.Get("by"), Value: q.Get("value")}
	if err := once(q, ErrFilter, "kind", "layout", "notice", "by", "value"); err != nil {
		return f, err
	}
	for _, value := range []string{f.Kind, f.Layout, f.By, f.Value} {
		if value != "" && !filterValue.MatchString(value) {
			return f, fmt.Errorf("%w: a value is 1 to 32 letters, digits and hyphens", ErrFilter)
		}
	}
	switch {
	case f.Notice != "" && !noticeDigest.MatchString(f.Notice):
		return f, fmt.Errorf("%w: a notice is the first 8 letters of its digest, or more of them", ErrFilter)
	case f.Kind != "" && f.Kind != consent.First && f.Kind != consent.Again:
		return f, fmt.Errorf("%w: kind must be first or again", ErrFilter)
	case (f.By == "") != (f.Value == "") || f.By != "" && !slices.Contains(consent.Breakdowns(), f.By):
		return f, fmt.Errorf("%w: by must be country, locale, device, group or gpc, with a value", ErrFilter)
	case f.Value != "" && (f.Kind != "" || f.Layout != "" || f.Notice != ""):
		return f, fmt.Errorf("%w: %s is counted by itself and cannot be combined", ErrFilter, f.By)
	}
	f.Notice = f.Notice[:min(len(f.Notice), consent.NoticeLetters)]
	return f, nil
}

// breakdowns lists what the period's figures differ by, as far as it may be shown. Under
// a filter there are none: values are counted of all banners alone, and a layout under a
// notice is what a filter by both may have to withhold.
func breakdowns(f *Figures, smallest int64) (list []templates.Breakdown) {
	if f.narrowed {
		return nil
	}
	smallest = max(1, smallest)
	for _, id := range consent.Breakdowns() {
		if values := f.By[id]; len(values) > 0 && !(id == "group" && len(values) == 1 && values[consent.Unknown].Shown > 0) {
			b := breakdown(id, values, smallest)
			f.withholdOptIn(&b, smallest)
			list = append(list, b)
		}
	}
	if len(f.Layouts) > 1 {
		list = append(list, breakdown("layout", f.Layouts, smallest))
	}
	if len(f.Variants) > 1 {
		list = append(list, breakdown("variant", f.Variants, smallest))
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
	return &templates.Missed{Category: categoryTitle(site, category), Split: templates.Split{Granted: total.Shown - permitted, Denied: permitted}, Unasked: total}
}

// exported is everything that a site's page shows.
type exported struct {
	Site       string                `json:"site"`
	Zone       string                `json:"time_zone"`
	From       string                `json:"from"`
	To         string                `json:"to"` // included
	Filter     templates.Filter      `json:"filter"`
	Total      exportedTally         `json:"total"`
	Days       []exportedDay         `json:"days"`
	Breakdowns []templates.Breakdown `json:"breakdowns"`
	// Compared is another period when one is asked for and enough banners were shown in
	// it. Its days are named all the same.
	Compared     *exportedTally `json:"compared,omitempty"`
	ComparedFrom string         `json:"compared_from,omitempty"`
	ComparedTo   string         `json:"compared_to,omitempty"` // included
	// ComparedBreakdowns are that period's.
	ComparedBreakdowns []templates.Breakdown `json:"compared_breakdowns,omitempty"`

	Missed *apiMissed `json:"missed,omitempty"`
	// NotCounted names what the filter leaves uncounted in tallies, where it is 0.
	NotCounted []string `json:"not_counted,omitempty"`
}

// exportedTally is a tally with the intervals of what it estimates.
type exportedTally struct {
	templates.Tally
	UnaskedLow, UnaskedHigh, AutoUnaskedLow, AutoUnaskedHigh *int64
}

func estimated(t templates.Tally) exportedTally {
	out := exportedTally{Tally: t}
	out.UnaskedLow, out.UnaskedHigh = bounds(t.UnaskedInterval())
	out.AutoUnaskedLow, out.AutoUnaskedHigh = bounds(t.AutoUnaskedInterval())
	return out
}

type exportedDay struct {
	Date string `json:"date"`
	Few  bool   `json:"few,omitempty"` // too little to show; the figures are 0
	exportedTally
}

func (d *Dashboard) getJSON(c echo.Context) error {
	q, f, with, err := d.readBoth(c)
	if err != nil {
		return err
	}
	out := exported{
		Site: q.site.ID, Zone: q.period.Zone, Filter: q.filter, Total: estimated(f.Total), Breakdowns: breakdowns(f, q.site.Counting.Smallest),
		Missed: missedOf(missed(q.site, f.Total)), NotCounted: uncountedAs(q.filter, func(n named) string { return n.field }),
	}
	if total := with.total(); total != nil {
		compared := estimated(*total)
		out.Compared = &compared
	}
	out.From, out.To = dates(q.period)
	if with != nil {
		out.ComparedFrom, out.ComparedTo = dates(with.period)
		out.ComparedBreakdowns = with.breakdowns(q.site.Counting.Smallest)
	}
	for _, day := range f.Days {
		out.Days = append(out.Days, exportedDay{day.From.Format(time.DateOnly), day.Few, estimated(day.Tally)})
	}
	return answerJSON(c, out)
}

func (d *Dashboard) getCSV(c echo.Context) error {
	q, f, with, err := d.readBoth(c)
	if err != nil {
		return err
	}
	if with == nil {
		return attach(c, "", q, dayTable(f.Days, categoryNames(q.site, f.Total), q.filter))
	}
	all := f.Total
	all.Status = maps.Clone(all.Status)
	if total := with.total(); total != nil {
		mergeSplits(&all.Status, total.Status)
	}
	categories := categoryNames(q.site, all)
	return attach(c, "", q, dayTable(f.Days, categories, q.filter).above(dayTable(with.days(), categories, q.filter)))
}

func (d *Dashboard) getBreakdownsCSV(c echo.Context) error {
	q, f, with, err := d.readBoth(c)
	if err != nil {
		return err
	}
	all := templates.Tally{Status: maps.Clone(f.decided)}
	if with.total() != nil {
		mergeSplits(&all.Status, with.figures.decided)
	}
	smallest, categories := q.site.Counting.Smallest, categoryNames(q.site, all)
	t := breakdownTable(f, smallest, categories)
	if with != nil {
		t = t.above(breakdownTable(with.figures, smallest, categories))
	}
	return attach(c, "breakdowns-", q, t)
}

// attach answers with a CSV file, which is named for what it is about.
func attach(c echo.Context, what string, q question, t table) error {
	name := "consentry-" + q.site.ID + "-" + what + inName(q.period)
	if q.against.How != "" {
		name += "-against-" + inName(q.against.Period)
	}
	h := c.Response().Header()
	h.Set("Content-Type", "text/csv; charset=utf-8; header=present")
	h.Set("Content-Disposition", `attachment; filename="`+name+`.csv"`)
	return t.write(c.Response())
}

func inName(p templates.Period) string {
	from, to := dates(p)
	return strings.ReplaceAll(from, "-", "") + "-" + strings.ReplaceAll(to, "-", "")
}
