package dashboard

import (
	"encoding/csv"
	"fmt"
	"io"
	"strconv"
	"time"

	"github.com/consentry/consentry/internal/consent"
	"github.com/consentry/consentry/templates"
)

// writeCSV writes one row per day. A category has three columns: how many
// decisions granted it, how many denied it, and the rate, empty without any. A day of which too little was
// counted has its date alone.
func writeCSV(w io.Writer, days []templates.Step, categories []templates.CategoryName) error {
	out := csv.NewWriter(w)
	out.UseCRLF = true // RFC 4180
	_ = out.Write(csvHeader(categories))
	for _, d := range days {
		_ = out.Write(csvRow(d, categories))
	}
	out.Flush()
	if err := out.Error(); err != nil {
		return fmt.Errorf("write csv: %w", err)
	}
	return nil
}

func csvHeader(categories []templates.CategoryName) []string {
	row := []string{"date", "banners_shown", "accepted_all", "chosen_some", "rejected_all", "ignored", "answered_elsewhere",
		"confirmed", "withdrawn", "widened", "one_service", "loaded_once", "first_decisions", "decisions", "by_signal",
		"automated_banners", "automated_decisions", "unasked_pages_estimated", "automated_unasked_pages_estimated"}
	for _, c := range categories {
		id := consent.Inert(c.ID)
		row = append(row, id+"_granted", id+"_denied", id+"_opt_in_rate")
	}
	return row
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
	for _, c := range categories {
		s := d.Status[c.ID]
		rate := ""
		if s.All() > 0 {
			rate = strconv.FormatFloat(s.Rate(), 'f', 4, 64)
		}
		row = append(row, strconv.FormatInt(s.Granted, 10), strconv.FormatInt(s.Denied, 10), rate)
	}
	return row
}
