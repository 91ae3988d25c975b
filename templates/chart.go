package templates

import (
	"fmt"
	"math"
	"strconv"
	"time"
)

// Bars that stand alone are SVG without a viewBox: heights in pixels, widths in
// percent, so that they fill any column and their text keeps its size. What moves
// over time is drawn by the page's script.

// bar is one of a row of bars.
type bar struct {
	X, Width string // percent
	Pieces   []piece
	Tip      string
}

// piece is one segment of a bar.
type piece struct{ Class, Y, Height string }

type part struct {
	class, name string
	n           int64
}

// stack is the order of the four answers everywhere: in bars, labels and tables.
func stack(t Tally) []part {
	return []part{
		{"accepted", "Accepted", t.Accepted},
		{"chosen", "Chosen", t.Chosen},
		{"rejected", "Rejected", t.Rejected},
		{"ignored", "Ignored", t.Ignored},
	}
}

func place(i, n int) bar {
	slot := 100 / float64(n)
	width := slot * 0.74
	if n == 1 {
		width = 16
	}
	middle := (float64(i) + .5) * slot
	return bar{X: number(middle-width/2) + "%", Width: number(width) + "%"}
}

// number writes a coordinate with at most two decimals.
func number(f float64) string {
	return strconv.FormatFloat(math.Round(f*100)/100, 'f', -1, 64)
}

// span is one segment of a horizontal bar, in percent of its width.
type span struct {
	Class, X, Width, Middle, Label string
}

// spans lays the four answers end to end. A segment too narrow for its label
// has none; the figures below the bar always say it.
func spans(t Tally) []span {
	var list []span
	x := 0.0
	for _, p := range stack(t) {
		w := 100 * share(p.n, t.Asked())
		if p.n == 0 {
			continue
		}
		s := span{Class: p.class, X: number(x) + "%", Width: number(w) + "%", Middle: number(x+w/2) + "%"}
		if w >= 9 {
			s.Label = fmt.Sprintf("%.0f%%", w)
		}
		list = append(list, s)
		x += w
	}
	return list
}

// bracket writes an interval: "63.1–65.1%".
func bracket(low, high float64) string { return fmt.Sprintf("%.1f–%.1f%%", 100*low, 100*high) }

func percentOf(share float64) string { return fmt.Sprintf("%.1f%%", 100*share) }

func at(f float64) string { return number(100*f) + "%" }

func date(t time.Time) string { return t.Format(time.DateOnly) }
