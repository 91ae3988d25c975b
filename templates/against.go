package templates

import (
	"fmt"
	"time"
)

// What a period may be compared with, as it stands in an address.
const (
	PeriodBefore = "before" // as long, ending where the period begins
	YearBefore   = "year"   // the same dates one year earlier
	OwnDates     = "own"    // any other
)

// Against is the choice of what is compared with. The zero Against is nothing.
type Against struct {
	How    string
	Period Period
}

// pairs is the choice as it stands in an address. Only own dates stand there: the
// others follow the page's period.
func (a Against) pairs() beside {
	list := beside{{"compare", a.How}}
	if a.How == OwnDates {
		list = append(list, [2]string{"against_from", date(a.Period.From)}, [2]string{"against_to", date(a.Period.last())})
	}
	return list.said()
}

// Comparison is the same figures of another period.
type Comparison struct {
	Period Period
	Total  Tally
	// Steps stand beside those of the page's period, the first beside the first, and are
	// as long. There may be fewer, and none when there is nothing to compare.
	Steps      []Step
	Breakdowns []Breakdown // without a filter
	Few        bool        // fewer banners than may be shown apart; Total is empty
}

// besides finds the same breakdown of the period compared with, nil for none.
func (p *SitePage) besides(b Breakdown) *Breakdown {
	if p.Compare == nil {
		return nil
	}
	for i := range p.Compare.Breakdowns {
		if one := &p.Compare.Breakdowns[i]; one.ID == b.ID {
			return one
		}
	}
	return nil
}

// of finds a value's own row, nil where it has none: nothing was counted of it, or too
// little to stand by itself.
func (b *Breakdown) of(value string) *BreakdownRow {
	for i := range b.Rows {
		if r := &b.Rows[i]; r.Folded == 0 && r.Value == value {
			return r
		}
	}
	return nil
}

// question is what the panel answers.
func (c *Comparison) question(p Period) string {
	if c.Period.To.After(p.From) {
		return "How does this differ from " + c.Period.String() + "?"
	}
	return "What changed since " + c.Period.String() + "?"
}

// lengths says what the lengths of the two periods allow to be compared, "" for all.
func (c *Comparison) lengths(p Period) string {
	if c.Period.Length() == p.Length() {
		return ""
	}
	return fmt.Sprintf("The periods differ in length, %s beside %s: compare the shares. Numbers of banners stand as they were counted.", c.Period.days(), p.days())
}

// overlap says which days stand on both sides and what to compare with instead, "" for
// none.
func (c *Comparison) overlap(p Period) string {
	const day = "2 January 2006"
	says, n := "One day is in both periods", c.Period.Shared(p)
	switch {
	case n == 0:
		return ""
	case n == p.Length() && n == c.Period.Length():
		says = "These are the same dates"
	case n > 1:
		says = fmt.Sprintf("%d days are in both periods", n)
	}
	says += ", and they are not compared then: one less the other would tell of few visitors. Choose dates that end before " + p.From.Format(day)
	if p.To.After(p.Today) {
		return says + "."
	}
	return says + " or begin after " + p.last().Format(day) + "."
}

// Length is the number of days.
func (p Period) Length() int { return int(p.To.Sub(p.From) / (24 * time.Hour)) }

// Before is the period of the same length that ends where p begins.
func (p Period) Before() Period {
	return Period{From: p.From.AddDate(0, 0, -p.Length()), To: p.From}
}

func (p Period) days() string {
	return fmt.Sprintf("%d %s", p.Length(), plural(p.Length(), "day", "days"))
}

// last is the last day.
func (p Period) last() time.Time { return p.To.AddDate(0, 0, -1) }

// Shared is how many days are in both periods.
func (p Period) Shared(q Period) int {
	from, to := p.From, p.To
	if q.From.After(from) {
		from = q.From
	}
	if q.To.Before(to) {
		to = q.To
	}
	return max(0, Period{From: from, To: to}.Length())
}

// short is its name at the head of a column, which breaks between its two days alone.
func (p Period) short() string {
	const day, year = "2\u00a0Jan", "\u00a02006"
	last := p.last().Format(day + year)
	switch {
	case p.Length() == 1:
		return last
	case p.From.Year() != p.last().Year():
		return p.From.Format(day+year) + "\u00a0– " + last
	}
	return p.From.Format(day) + "\u00a0– " + last
}

func againstTitle(how string) string {
	switch how {
	case PeriodBefore:
		return "Period before"
	case YearBefore:
		return "Year earlier"
	}
	return "Nothing"
}
