package templates

import (
	"errors"
	"fmt"
	"math"
	"reflect"
	"slices"
	"strings"
	"time"

	"github.com/consentry/consentry/internal/consent"
	"github.com/consentry/consentry/internal/experiment"
)

// ExperimentPage shows what is tried beside a site's banner, and what came of it.
type ExperimentPage struct {
	Nonce   string
	Viewer  Viewer
	Site    *consent.Site
	Now     time.Time
	Result  *ExperimentResult // nil without an experiment, or when none is served
	Ends    bool              // the viewer may end it
	Problem string            // why it could not be ended, "" for nothing
}

// ExperimentResult is what an experiment has shown so far.
type ExperimentResult struct {
	experiment.Schedule
	experiment.Result
	Pairs     []experiment.Pair // complete ones, oldest first
	Needed    int               // pairs
	Unplanned error             // why Needed is not known, one of experiment.Needed
}

// measureWords says what is compared: as a verb, and as a share.
func measureWords(measure string) (verb, share string) {
	if measure == experiment.ByAccepted {
		return "accepted", "Acceptance"
	}
	return "answered", "Interaction rate"
}

// verdict is the whole result in one sentence.
func (p ExperimentPage) verdict() string {
	r, verb := p.Result, ""
	verb, _ = measureWords(p.Site.Experiment.Measure)
	switch {
	case p.Now.Before(r.Start):
		return "It starts on " + p.day(r.Start) + "."
	case r.Result.Pairs == 0:
		return "Nothing can be said yet."
	case !r.Shown():
		return "No difference shown yet."
	case r.Difference > 0:
		return "A difference is shown: in the variant banners are " + verb + " more often."
	}
	return "A difference is shown: in the variant banners are " + verb + " less often."
}

// explained says how far the verdict goes.
func (p ExperimentPage) explained() string {
	r := p.Result
	switch {
	case p.Now.Before(r.Start):
		return "Until then everybody sees the site as it is configured."
	case r.Result.Pairs == 0 && r.left() > 0:
		return "Before none of the complete pairs had anybody been shown the variant, so that they are no evidence. Pairs count that begin after its first banner; the next one is complete on " + p.day(r.Schedule.Pair(len(r.Pairs))[1].To) + "."
	case r.Result.Pairs == 0:
		return "The first pair of blocks is complete on " + p.day(r.Schedule.Pair(len(r.Pairs))[1].To) + "."
	case r.Low <= -1 && r.High >= 1:
		return "Too few pairs of blocks are complete for an interval; it may be any difference, or none."
	}
	text := fmt.Sprintf("Measured so far: %s points. The 95%% interval is %s to %s points", points(r.Difference), points(r.Low), points(r.High))
	if r.Shown() {
		return text + ", without 0 in it."
	}
	return text + ": 0 is in it, and so are differences that would matter. That no difference is shown does not show that there is none."
}

// plan says how long it takes to find what is worth finding.
func (p ExperimentPage) plan() string {
	r, e := p.Result, p.Site.Experiment
	goal := fmt.Sprintf("a difference of %g points", math.Round(100*e.Detect))
	switch {
	case errors.Is(r.Unplanned, experiment.ErrTooMany):
		return fmt.Sprintf("To find %s takes more than %s pairs of blocks: the blocks differ too much by themselves. The next experiment may look for a larger one, or use longer blocks.", goal, grouped(experiment.MostPairs))
	case r.Unplanned != nil:
		return "How many pairs of blocks it takes to find " + goal + " can be estimated once some days were counted."
	}
	return fmt.Sprintf("To find %s in four of five such experiments takes about %d pairs of blocks, that is until %s; %d are complete. It is an estimate from how much blocks differ by themselves, and no need to wait for: the verdict holds whenever you look.",
		goal, r.Needed, p.day(r.Start.Add(r.Lasts(r.Needed+r.left()))), len(r.Pairs)-r.left())
}

// left is how many complete pairs are no evidence.
func (r ExperimentResult) left() (n int) {
	for _, p := range r.Pairs {
		if p.Unserved {
			n++
		}
	}
	return n
}

// leftOut says so.
func (p ExperimentPage) leftOut() string {
	n := p.Result.left()
	return fmt.Sprintf("%d %s left out: in the two days before, nobody was shown the variant, so that it was not certain to have its turns. That goes for the first ones of every experiment.",
		n, plural(n, "pair is", "pairs are"))
}

// points writes a difference of shares with its sign.
func points(f float64) string {
	tenths := math.Round(1000 * f)
	if tenths == 0 {
		return "0.0"
	}
	return strings.Replace(fmt.Sprintf("%+.1f", tenths/10), "-", "−", 1)
}

func (p ExperimentPage) day(t time.Time) string {
	return t.In(p.Site.Counting.Location()).Format("Monday, 2 January 2006")
}

// sums adds up both variants' blocks of the pairs that count; stray is how many banners showed the other one.
func (r ExperimentResult) sums() (configured, variant experiment.Tally, stray int64) {
	for _, p := range r.Pairs {
		if !p.Unserved {
			configured.Add(p.Configured)
			variant.Add(p.Variant)
		}
	}
	return configured, variant, configured.Varied + variant.Shown - variant.Varied
}

// ignoredOf is what was shown and not answered.
func ignoredOf(t experiment.Tally) int64 { return max(0, t.Shown-t.Answered()) }

// Varied is one thing that the variant has otherwise.
type Varied struct{ What, Configured, Variant string }

func (p ExperimentPage) Changes() (list []Varied) {
	a, b := p.Site, p.Site.Experiment.Variant
	for _, look := range []Varied{
		{"Layout", a.Appearance.Layout, b.Appearance.Layout},
		{"Position", positionName(a.Appearance), positionName(b.Appearance)},
	} {
		if look.Configured != look.Variant {
			list = append(list, look)
		}
	}
	for _, locale := range a.Locales {
		x, y := reflect.ValueOf(a.Texts[locale]), reflect.ValueOf(b.Texts[locale])
		for i := range x.NumField() {
			f := x.Type().Field(i)
			if f.Type.Kind() == reflect.String && x.Field(i).String() != y.Field(i).String() {
				list = append(list, Varied{locale + ": " + f.Tag.Get("yaml"), x.Field(i).String(), y.Field(i).String()})
			}
		}
		for id, words := range a.Texts[locale].Categories {
			if other := b.Texts[locale].Categories[id]; other != words {
				list = append(list, Varied{locale + ": " + id, words.Title + ". " + words.Description, other.Title + ". " + other.Description})
			}
		}
	}
	slices.SortStableFunc(list, func(a, b Varied) int { return strings.Compare(a.What, b.What) })
	return list
}

func positionName(a consent.Appearance) string {
	switch {
	case a.Position != "":
		return a.Position
	case a.Layout == "card":
		return "start"
	case a.Layout == "bar":
		return "the whole line"
	}
	return "middle"
}

// pairRow is one pair of blocks.
type pairRow struct {
	Number                int
	From                  string
	First                 string // which came first
	Configured, Variant   experiment.Tally
	ShareA, ShareB        string
	Difference            string
	difference, weighable float64
}

// rows lists the pairs, oldest first.
func (p ExperimentPage) rows() (list []pairRow) {
	r, zone := p.Result, p.Site.Counting.Location()
	for n, pair := range r.Pairs {
		blocks := r.Schedule.Pair(n)
		row := pairRow{Number: n + 1, Configured: pair.Configured, Variant: pair.Variant, First: "as configured", Difference: "–"}
		row.From = blocks[0].From.In(zone).Format("2 Jan") + " and " + blocks[1].From.In(zone).Format("2 Jan 2006, 15:04") + "–" + blocks[1].To.In(zone).Format("15:04")
		if blocks[0].Variant {
			row.First = "variant"
		}
		a, b := p.hits(pair.Configured), p.hits(pair.Variant)
		row.ShareA, row.ShareB = percent(a, pair.Configured.Shown), percent(b, pair.Variant.Shown)
		if pair.Unserved {
			row.Difference = "left out"
		} else if pair.Configured.Shown > 0 && pair.Variant.Shown > 0 {
			row.weighable = 1
			row.difference = share(b, pair.Variant.Shown) - share(a, pair.Configured.Shown)
			row.Difference = points(row.difference)
		}
		list = append(list, row)
	}
	return list
}

func (p ExperimentPage) hits(t experiment.Tally) int64 {
	if p.Site.Experiment.Measure == experiment.ByAccepted {
		return t.Accepted
	}
	return t.Answered()
}

// pairPlot is the height of the chart of pairs in pixels, zero in its middle.
const pairPlot = 160

// differences lays out each pair's difference as a bar from zero. top is the share
// at the upper edge.
func (p ExperimentPage) differences() (bars []bar, top float64) {
	rows := p.rows()
	for _, r := range rows {
		top = max(top, math.Abs(r.difference))
	}
	top = max(0.01, math.Ceil(top*100)/100)
	for i, r := range rows {
		if r.weighable == 0 {
			continue
		}
		b := place(i, len(rows))
		h := max(1, math.Abs(r.difference)/top*pairPlot/2)
		y := pairPlot/2 - h
		class := "accepted"
		if r.difference < 0 {
			y, class = pairPlot/2, "rejected"
		}
		b.Pieces = []piece{{Class: class, Y: number(y), Height: number(h)}}
		b.Tip = fmt.Sprintf("Pair %d, %s: %s points (as configured %s, variant %s)", r.Number, r.From, r.Difference, r.ShareA, r.ShareB)
		bars = append(bars, b)
	}
	return bars, top
}

// reach is the interval on a scale that has 0 in its middle: percent of the width.
func (r ExperimentResult) reach() (low, high, middle, edge string) {
	widest := max(math.Abs(r.Low), math.Abs(r.High), 0.01)
	scale := func(f float64) string { return number(50+50*f/widest) + "%" }
	return scale(r.Low), scale(r.High), scale(r.Difference), fmt.Sprintf("%.1f", 100*widest)
}

func (p ExperimentPage) address() string { return "/admin/sites/" + p.Site.ID + "/experiment" }

// example is what an owner may copy into the site file. It starts on a day that leaves
// time for looking at the variant first.
func (p ExperimentPage) example() string {
	start := p.Now.In(p.Site.Counting.Location()).AddDate(0, 0, 3)
	return fmt.Sprintf(exampleExperiment, start.Format(time.DateOnly))
}

const exampleExperiment = `experiment:
  id: plain-card
  start: %s        # a day ahead, at least
  block: 12h
  measure: answered        # or accepted
  detect: 3                # percentage points
  variant:
    layout: card
    texts:
      en: {heading: Your choice}`
