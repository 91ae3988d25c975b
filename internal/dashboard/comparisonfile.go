package dashboard

import (
	"errors"
	"net/http"

	"github.com/labstack/echo/v4"

	"github.com/consentry/consentry/internal/consent"
	"github.com/consentry/consentry/templates"
)

// ErrAlone is a file of what changed since nothing: 400.
var ErrAlone = errors.New("nothing is compared; add compare=before, compare=year or compare=own to the address")

// exportedChange is a share in both periods. The numbers of points are null where one
// of them has nothing to be a share of.
type exportedChange struct {
	Share  string        `json:"share"`
	Of     string        `json:"of"`
	Before exportedShare `json:"before"`
	Now    exportedShare `json:"now"`
	Change *float64      `json:"change"` // of a share from 0 to 1
	Low    *float64      `json:"low"`    // 95 %
	High   *float64      `json:"high"`
}

type exportedShare struct {
	Part int64 `json:"part"`
	All  int64 `json:"all"`
}

// changes lists what the page says has changed; nothing when too few banners were
// shown to compare.
func changes(q question, f *Figures, with *compared) []exportedChange {
	list := []exportedChange{}
	if with.total() == nil {
		return list
	}
	shown := with.page(nil)
	for _, row := range shown.Rows(f.Total, categoryNames(q.site, f.Total)) {
		one := exportedChange{Share: row.Name, Of: row.Of, Before: shareOf(row.Before), Now: shareOf(row.Now)}
		if row.Known() {
			by := row.By()
			low, high := row.Interval()
			one.Change, one.Low, one.High = &by, &low, &high
		}
		list = append(list, one)
	}
	return list
}

func shareOf(s templates.Split) exportedShare { return exportedShare{s.Granted, s.All()} }

// readChanges is readBoth for a file that needs something to compare with.
func (d *Dashboard) readChanges(c echo.Context) (q question, list []exportedChange, with *compared, err error) {
	q, f, with, err := d.readBoth(c)
	if err != nil {
		return q, nil, nil, err
	}
	if with == nil {
		return q, nil, nil, refuse(http.StatusBadRequest, ErrAlone)
	}
	return q, changes(q, f, with), with, nil
}

func (d *Dashboard) getComparisonJSON(c echo.Context) error {
	q, list, with, err := d.readChanges(c)
	if err != nil {
		return err
	}
	out := struct {
		apiFigures
		ComparedFrom string           `json:"compared_from"`
		ComparedTo   string           `json:"compared_to"` // included
		Few          bool             `json:"few,omitempty"`
		Changes      []exportedChange `json:"changes"`
	}{apiFigures: figuresOf(q), Few: with.figures == nil, Changes: list}
	out.ComparedFrom, out.ComparedTo = dates(with.period)
	return answerJSON(c, out)
}

// getComparisonCSV has one row for each share of the page's table.
func (d *Dashboard) getComparisonCSV(c echo.Context) error {
	q, list, _, err := d.readChanges(c)
	if err != nil {
		return err
	}
	t := table{head: []string{"share", "of", "before_part", "before_all", "now_part", "now_all", "change", "change_low", "change_high"}}
	for _, one := range list {
		row := []string{consent.Inert(one.Share), consent.Inert(one.Of), number(one.Before.Part), number(one.Before.All), number(one.Now.Part), number(one.Now.All), "", "", ""}
		for i, points := range []*float64{one.Change, one.Low, one.High} {
			if points != nil {
				row[6+i] = shares(*points)[0]
			}
		}
		t.rows = append(t.rows, row)
	}
	return attach(c, "comparison-", q, t)
}
