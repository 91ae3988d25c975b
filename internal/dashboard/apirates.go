package dashboard

import (
	"time"

	"github.com/labstack/echo/v4"

	"github.com/consentry/consentry/templates"
)

// apiTally is templates.Tally in the API's words, which stay as they are.
type apiTally struct {
	Shown       int64               `json:"shown"`
	Accepted    int64               `json:"accepted"`
	Chosen      int64               `json:"chosen"`
	Rejected    int64               `json:"rejected"`
	Ignored     int64               `json:"ignored"`
	Elsewhere   int64               `json:"elsewhere"`
	Confirmed   int64               `json:"confirmed"`
	Withdrawn   int64               `json:"withdrawn"`
	Widened     int64               `json:"widened"`
	OfOne       int64               `json:"of_one"`
	LoadedOnce  int64               `json:"loaded_once"`
	Deciders    int64               `json:"first_decisions"`
	Decisions   int64               `json:"decisions"`
	BySignal    int64               `json:"by_signal"`
	AutoBanners int64               `json:"automated_banners"`
	AutoMade    int64               `json:"automated_decisions"`
	Unasked     int64               `json:"unasked_pages_estimated"`
	AutoUnasked int64               `json:"automated_unasked_pages_estimated"`
	Low         *int64              `json:"unasked_pages_low"` // null where none said so, as the others
	High        *int64              `json:"unasked_pages_high"`
	AutoLow     *int64              `json:"automated_unasked_pages_low"`
	AutoHigh    *int64              `json:"automated_unasked_pages_high"`
	Categories  map[string]apiSplit `json:"categories"`
	Services    map[string]apiSplit `json:"services"`
}

type apiSplit struct {
	Granted int64 `json:"granted"`
	Denied  int64 `json:"denied"`
}

func splits(of map[string]templates.Split) map[string]apiSplit {
	out := make(map[string]apiSplit, len(of))
	for id, s := range of {
		out[id] = apiSplit{s.Granted, s.Denied}
	}
	return out
}

func tallied(t templates.Tally) apiTally {
	out := apiTally{
		Shown: t.Shown, Accepted: t.Accepted, Chosen: t.Chosen, Rejected: t.Rejected, Ignored: t.Ignored, Elsewhere: t.Elsewhere,
		Confirmed: t.Confirmed, Withdrawn: t.Withdrawn, Widened: t.Widened, OfOne: t.OfOne, LoadedOnce: t.LoadedOnce, Deciders: t.Deciders,
		Decisions: t.Events, BySignal: t.Signals, AutoBanners: t.AutoShown, AutoMade: t.AutoMade, Unasked: t.Unasked, AutoUnasked: t.AutoUnasked,
		Categories: splits(t.Status), Services: splits(t.Services),
	}
	out.Low, out.High = bounds(t.UnaskedInterval())
	out.AutoLow, out.AutoHigh = bounds(t.AutoUnaskedInterval())
	return out
}

// bounds are nil without an interval.
func bounds(low, high int64, ok bool) (*int64, *int64) {
	if !ok {
		return nil, nil
	}
	return &low, &high
}

// apiMissed is what of a period measurement misses, in shares from 0 to 1.
type apiMissed struct {
	Category  string   `json:"category"`
	Banners   int64    `json:"banners"` // without a yes, of Shown
	Shown     int64    `json:"shown"`
	Low       float64  `json:"low"`
	High      float64  `json:"high"`
	PagesLow  *float64 `json:"pages_low"` // of all pages; null where none are sampled
	PagesHigh *float64 `json:"pages_high"`
}

func missedOf(m *templates.Missed) *apiMissed {
	if m == nil {
		return nil
	}
	out := &apiMissed{Category: m.Category, Banners: m.Granted, Shown: m.All()}
	out.Low, out.High = m.Interval()
	if low, high, ok := m.OfPages(); ok {
		out.PagesLow, out.PagesHigh = &low, &high
	}
	return out
}

// apiFigures says what figures are of.
type apiFigures struct {
	Site     string    `json:"site"`
	TimeZone string    `json:"time_zone"`
	From     string    `json:"from"`
	To       string    `json:"to"` // included
	Filter   apiFilter `json:"filter"`
}

type apiFilter struct {
	Kind   string `json:"kind"`
	Layout string `json:"layout"`
	Notice string `json:"notice"`
	By     string `json:"by"`
	Value  string `json:"value"`
}

func figuresOf(q question) apiFigures {
	f := q.filter
	out := apiFigures{Site: q.site.ID, TimeZone: q.period.Zone, Filter: apiFilter{f.Kind, f.Layout, f.Notice, f.By, f.Value}}
	out.From, out.To = dates(q.period)
	return out
}

type apiDay struct {
	Date string `json:"date"`
	Few  bool   `json:"few,omitempty"` // the figures are 0
	apiTally
}

type apiCompared struct {
	From  string   `json:"from"`
	To    string   `json:"to"` // included
	Total apiTally `json:"total"`
}

type apiLeak struct {
	Service   string `json:"service"`
	Banners   int64  `json:"banners"`
	Few       bool   `json:"few"` // fewer than may be shown; banners is 0
	Automated int64  `json:"automated_banners"`
}

func (d *Dashboard) apiRates(c echo.Context) error {
	q, figures, with, err := d.readBoth(c)
	if err != nil {
		return err
	}
	out := struct {
		apiFigures
		Total    apiTally     `json:"total"`
		Days     []apiDay     `json:"days"`
		Leaks    []apiLeak    `json:"leaks"`
		Missed   *apiMissed   `json:"missed"`
		Compared *apiCompared `json:"compared"`
		// NotCounted names what the filter leaves uncounted in tallies, where it is 0.
		NotCounted []string `json:"not_counted"`
	}{NotCounted: uncountedAs(q.filter, func(n named) string { return n.api }), apiFigures: figuresOf(q), Total: tallied(figures.Total), Leaks: []apiLeak{}, Missed: missedOf(missed(q.site, figures.Total))}
	for _, l := range leaks(q.site, figures.Leaks) {
		out.Leaks = append(out.Leaks, leakOf(l))
	}
	for _, day := range figures.Days {
		out.Days = append(out.Days, apiDay{day.From.Format(time.DateOnly), day.Few, tallied(day.Tally)})
	}
	if total := with.total(); total != nil {
		from, to := dates(with.period)
		out.Compared = &apiCompared{from, to, tallied(*total)}
	}
	return answerJSON(c, out)
}

type apiBreakdown struct {
	By       string            `json:"by"`
	Smallest int64             `json:"smallest"` // what is rarer is added up
	Rows     []apiBreakdownRow `json:"rows"`
}

type apiBreakdownRow struct {
	Value    string `json:"value"` // empty for several
	Values   int    `json:"values"`
	Shown    int64  `json:"shown"`
	Accepted int64  `json:"accepted"`
	Chosen   int64  `json:"chosen"`
	Rejected int64  `json:"rejected"`
	Ignored  int64  `json:"ignored"`
	// Categories are of the answers that tell about them; withheld are those of which
	// too little was answered to show it.
	Categories map[string]apiSplit `json:"categories"`
	Withheld   []string            `json:"withheld"`
}

type apiComparedBreakdowns struct {
	From       string         `json:"from"`
	To         string         `json:"to"` // included
	Breakdowns []apiBreakdown `json:"breakdowns"`
}

func (d *Dashboard) apiBreakdowns(c echo.Context) error {
	q, figures, with, err := d.readBoth(c)
	if err != nil {
		return err
	}
	out := struct {
		apiFigures
		Breakdowns []apiBreakdown         `json:"breakdowns"`
		Compared   *apiComparedBreakdowns `json:"compared"`
	}{apiFigures: figuresOf(q), Breakdowns: brokenDown(figures, q.site.Counting.Smallest)}
	if with.total() != nil {
		from, to := dates(with.period)
		out.Compared = &apiComparedBreakdowns{from, to, brokenDown(with.figures, q.site.Counting.Smallest)}
	}
	return answerJSON(c, out)
}

// brokenDown is breakdowns in the API's words.
func brokenDown(f *Figures, smallest int64) []apiBreakdown {
	list := []apiBreakdown{}
	for _, b := range breakdowns(f, smallest) {
		one := apiBreakdown{By: b.ID, Smallest: b.Smallest, Rows: []apiBreakdownRow{}}
		for _, r := range b.Rows {
			one.Rows = append(one.Rows, apiBreakdownRow{
				r.Value, max(1, r.Folded), r.Shown, r.Accepted, r.Chosen, r.Rejected, r.Ignored,
				splits(r.Status), append([]string{}, r.Withheld...),
			})
		}
		list = append(list, one)
	}
	return list
}
