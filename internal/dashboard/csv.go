package dashboard

import (
	"encoding/csv"
	"fmt"
	"io"
	"slices"
	"strconv"
	"time"

	"github.com/consentry/consentry/internal/consent"
	"github.com/consentry/consentry/templates"
)

// table is what a CSV file about one site holds.
type table struct {
	head []string
	rows [][]string
}

// write writes it as RFC 4180 has it.
func (t table) write(w io.Writer) error {
	out := csv.NewWriter(w)
	out.UseCRLF = true
	_ = out.Write(t.head)
	_ = out.WriteAll(t.rows) // flushes
	if err := out.Error(); err != nil {
		return fmt.Errorf("write csv: %w", err)
	}
	return nil
}

// above puts the rows of the period compared with under those of the current one, and
// which of the two it is of first in each row.
func (t table) above(with table) table {
	both := table{head: append([]string{"period"}, t.head...)}
	for _, row := range t.rows {
		both.rows = append(both.rows, append([]string{"current"}, row...))
	}
	for _, row := range with.rows {
		both.rows = append(both.rows, append([]string{"compared"}, row...))
	}
	return both
}

// dayTable has one row per day. A category has three columns: how many decisions granted
// it, how many denied it, and the rate, empty without any. A day of which too little was
// counted has its date alone, and what is not counted under the filter is empty.
func dayTable(days []templates.Step, categories []templates.CategoryName, f templates.Filter) table {
	t := table{head: csvHeader(categories)}
	for _, d := range days {
		t.rows = append(t.rows, csvRow(d, categories))
	}
	return t.emptied(f)
}

// breakdownTable has one row for each value of each breakdown. The columns of a category
// are those of dayTable and the rate's interval, of the answers that tell about it; they
// are empty where that is withheld or not counted.
func breakdownTable(f *Figures, smallest int64, categories []templates.CategoryName) table {
	head := []string{"dimension", "value", "values", "banners_shown", "accepted_all", "chosen_some", "rejected_all", "ignored", "accepted_low", "accepted_high"}
	t := table{head: append(head, categoryColumns(categories, "granted", "denied", "opt_in_rate", "opt_in_low", "opt_in_high")...)}
	if f == nil {
		return t
	}
	for _, b := range breakdowns(f, smallest) {
		for _, r := range b.Rows {
			row := []string{b.ID, consent.Inert(r.Value), strconv.Itoa(max(1, r.Folded))}
			for _, n := range []int64{r.Shown, r.Accepted, r.Chosen, r.Rejected, r.Ignored} {
				row = append(row, strconv.FormatInt(n, 10))
			}
			row = append(row, within(r.Accepting())...)
			for _, c := range categories {
				row = append(row, toldColumns(b, r, c.ID)...)
			}
			t.rows = append(t.rows, row)
		}
	}
	return t
}

func csvHeader(categories []templates.CategoryName) []string {
	row := []string{"date", "banners_shown", "accepted_all", "chosen_some", "rejected_all", "ignored", "answered_elsewhere",
		"confirmed", "withdrawn", "widened", "one_service", "loaded_once", "first_decisions", "decisions", "by_signal",
		"automated_banners", "automated_decisions", "unasked_pages_estimated", "automated_unasked_pages_estimated",
		"unasked_pages_low", "unasked_pages_high", "automated_unasked_pages_low", "automated_unasked_pages_high"}
	return append(row, categoryColumns(categories, "granted", "denied", "opt_in_rate")...)
}

func categoryColumns(categories []templates.CategoryName, names ...string) (columns []string) {
	for _, c := range categories {
		for _, name := range names {
			columns = append(columns, consent.Inert(c.ID)+"_"+name)
		}
	}
	return columns
}

// toldColumns are splitColumns of a row of a breakdown, and within.
func toldColumns(b templates.Breakdown, r templates.BreakdownRow, category string) []string {
	if !b.Tells() || slices.Contains(r.Withheld, category) {
		return make([]string, 5)
	}
	s := r.Status[category]
	return append(splitColumns(s), within(s)...)
}

func csvRow(d templates.Step, categories []templates.CategoryName) []string {
	row := []string{d.From.Format(time.DateOnly)}
	if d.Few {
		return append(row, make([]string, len(csvHeader(categories))-1)...)
	}
	for _, n := range []int64{d.Shown, d.Accepted, d.Chosen, d.Rejected, d.Ignored, d.Elsewhere,
		d.Confirmed, d.Withdrawn, d.Widened, d.OfOne, d.LoadedOnce, d.Deciders, d.Events, d.Signals, d.AutoShown, d.AutoMade,
		d.Unasked, d.AutoUnasked} {
		row = append(row, strconv.FormatInt(n, 10))
	}
	row = append(append(row, pages(d.UnaskedInterval())...), pages(d.AutoUnaskedInterval())...)
	for _, c := range categories {
		row = append(row, splitColumns(d.Status[c.ID])...)
	}
	return row
}

// splitColumns are how many permitted and how many did not, and the rate, empty
// without any.
func splitColumns(s templates.Split) []string {
	rate := ""
	if s.All() > 0 {
		rate = strconv.FormatFloat(s.Rate(), 'f', 4, 64)
	}
	return []string{strconv.FormatInt(s.Granted, 10), strconv.FormatInt(s.Denied, 10), rate}
}

// within are the columns of a rate's 95 % interval, empty without any.
func within(s templates.Split) []string {
	if s.All() == 0 {
		return []string{"", ""}
	}
	low, high := s.Interval()
	return shares(low, high)
}

// pages are the columns of an interval of pages, empty without any.
func pages(low, high int64, ok bool) []string {
	if !ok {
		return []string{"", ""}
	}
	return []string{number(low), number(high)}
}
