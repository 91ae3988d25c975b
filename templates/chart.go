package templates

import (
	"fmt"
	"math"
	"strconv"
	"time"
)

// Charts are SVG without a viewBox: heights in pixels, widths in percent, so
// that they fill any column and their text keeps its size.

// plotHeight is the height of the daily chart's bars in pixels.
const plotHeight = 200

// bar is one step of the daily chart.
type bar struct {
	X, Width  string // percent
	Pieces    []piece
	Middle    string // percent, where its label stands
	Label     string // on the time axis, "" for most
	Total     string // above the bar, "" when there is no room
	TotalY    string
	Tip       string
	NewNotice bool
}

// piece is one segment of a bar.
type piece struct{ Class, Y, Height string }

// tick is one line of the value axis.
type tick struct{ Y, Label string }

// columns lays out the daily chart: people in one stack, always in the same
// order from the bottom.
func columns(steps []Step) (bars []bar, ticks []tick) {
	var top int64
	for _, s := range steps {
		top = max(top, s.Asked())
	}
	scale, ticks := axis(top, plotHeight)
	every := labelEvery(len(steps))
	for i, s := range steps {
		b := place(i, len(steps))
		b.Tip, b.NewNotice = tip(s), s.NewNotice
		if i%every == 0 {
			b.Label = s.label()
		}
		y := float64(plotHeight)
		for _, part := range stack(s.Tally) {
			if part.n == 0 {
				continue
			}
			h := float64(part.n) * scale
			y -= h
			b.Pieces = append(b.Pieces, piece{Class: part.class, Y: number(y), Height: number(h)})
		}
		if len(steps) <= 14 && s.Asked() > 0 {
			b.Total, b.TotalY = grouped(s.Asked()), number(y-6)
		}
		bars = append(bars, b)
	}
	return bars, ticks
}

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

// automated lays out the strip of programs below the daily chart, on a scale of
// its own, which it states.
func automated(steps []Step, height float64) (bars []bar, top int64) {
	for _, s := range steps {
		top = max(top, s.AutoShown+s.AutoMade)
	}
	for i, s := range steps {
		n := s.AutoShown + s.AutoMade
		if n == 0 {
			continue
		}
		b := place(i, len(steps))
		h := max(2, height*share(n, top))
		b.Pieces = []piece{{Class: "automated", Y: number(height - h), Height: number(h)}}
		b.Tip = fmt.Sprintf("%s: %s automated", s.Name(), grouped(n))
		bars = append(bars, b)
	}
	return bars, top
}

// rates lays out one category's opt-in rate by step, from 0 to 100%.
func rates(steps []Step, category string, height float64) []bar {
	var bars []bar
	for i, s := range steps {
		split := s.Status[category]
		if split.All() == 0 {
			continue
		}
		b := place(i, len(steps))
		h := max(1, height*split.Rate())
		b.Pieces = []piece{{Class: "accepted", Y: number(height - h), Height: number(h)}}
		b.Tip = fmt.Sprintf("%s: %s, %s of %s%s", s.Name(), percent(split.Granted, split.All()), grouped(split.Granted), grouped(split.All()), noticeWords(s))
		b.NewNotice = s.NewNotice
		bars = append(bars, b)
	}
	return bars
}

func place(i, n int) bar {
	slot := 100 / float64(n)
	width := slot * 0.74
	if n == 1 {
		width = 16
	}
	middle := (float64(i) + .5) * slot
	return bar{X: number(middle-width/2) + "%", Width: number(width) + "%", Middle: number(middle) + "%"}
}

// axis finds round numbers for a value axis of the given height and the pixels
// that one unit takes.
func axis(top int64, height float64) (scale float64, ticks []tick) {
	step := roundStep(max(top, 1))
	lines := (max(top, 1) + step - 1) / step
	scale = height / float64(lines*step)
	for i := range lines + 1 {
		ticks = append(ticks, tick{Y: number(height - float64(i*step)*scale), Label: grouped(i * step)})
	}
	return scale, ticks
}

// roundStep is the smallest of 1, 2, 5 times a power of ten that needs at most
// five lines to reach top.
func roundStep(top int64) int64 {
	for power := int64(1); ; power *= 10 {
		for _, m := range []int64{1, 2, 5} {
			if m*power*5 >= top {
				return m * power
			}
		}
	}
}

// labelEvery leaves room on a phone: at most five labels.
func labelEvery(n int) int {
	for _, every := range []int{1, 2, 3, 6, 7, 14, 21} {
		if (n+every-1)/every <= 5 {
			return every
		}
	}
	return (n + 4) / 5
}

func tip(s Step) string {
	return fmt.Sprintf("%s: %s shown, %s accepted, %s chosen, %s rejected, %s ignored%s",
		s.Name(), grouped(s.Shown), grouped(s.Accepted), grouped(s.Chosen), grouped(s.Rejected), grouped(s.Ignored), noticeWords(s))
}

// noticeWords say in a tip what the marks of a chart say.
func noticeWords(s Step) string {
	if s.NewNotice {
		return "; a changed notice was shown for the first time"
	}
	return ""
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

func at(f float64) string { return number(100*f) + "%" }

func date(t time.Time) string { return t.Format(time.DateOnly) }
