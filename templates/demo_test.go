package templates_test

import (
	"maps"
	"math"
	"time"

	"github.com/consentry/consentry/internal/consent"
	"github.com/consentry/consentry/templates"
)

// traffic is a believable shop: quiet weekends, slow growth, a sale in the third
// week, a broken banner on one day and a crawler now and then.
func traffic(days int) (list []templates.Step, total templates.Tally) {
	for i := range days {
		from := midnight().AddDate(0, 0, i+1-days)
		t := dayOf(i, from.Weekday())
		list = append(list, templates.Step{From: from, To: from.AddDate(0, 0, 1), Unit: templates.ByDay, Tally: t})
		total = sum(total, t)
	}
	return list, total
}

func dayOf(i int, weekday time.Weekday) templates.Tally {
	shown := 420 + 4*float64(i%90) + 60*math.Sin(float64(i)*1.7)
	if weekday == time.Saturday || weekday == time.Sunday {
		shown *= .62
	}
	if i%30 == 17 {
		shown *= 1.9
	}
	if i%30 == 22 {
		return templates.Tally{Withdrawn: 2}
	}
	n := func(f float64) int64 { return int64(math.Round(shown * f)) }
	t := templates.Tally{
		Shown: n(1), Accepted: n(.41 + .03*math.Sin(float64(i))), Chosen: n(.08), Rejected: n(.24 - .02*math.Sin(float64(i))),
		Confirmed: int64(i % 4), Withdrawn: int64(i*7%5 + 1), LoadedOnce: int64(i % 6),
	}
	t.Deciders, t.Events = t.Answers(), t.Answers()+t.Later()+t.LoadedOnce
	t.Ignored = t.Shown - t.Answers()
	if i%7 == 3 {
		t.AutoShown, t.AutoMade = n(.07), n(.004)
	}
	t.Unasked = n(2.6) / 100 * 100
	t.UnaskedSpread = t.Unasked * 99
	decided := t.Accepted + t.Chosen + t.Rejected
	t.Status = map[string]templates.Split{
		"analytics": {Granted: t.Accepted + t.Chosen*3/4, Denied: decided - t.Accepted - t.Chosen*3/4},
		"share":     {Granted: t.Accepted + t.Chosen/4, Denied: decided - t.Accepted - t.Chosen/4},
	}
	return t
}

func midnight() time.Time { return time.Date(2026, 11, 22, 0, 0, 0, 0, time.UTC) }

func sum(a, b templates.Tally) templates.Tally {
	status := map[string]templates.Split{}
	for _, t := range []templates.Tally{a, b} {
		for id, s := range t.Status {
			status[id] = templates.Split{Granted: status[id].Granted + s.Granted, Denied: status[id].Denied + s.Denied}
		}
	}
	out := templates.Tally{Status: status}
	for i, n := range out.Numbers() {
		*n = *a.Numbers()[i] + *b.Numbers()[i]
	}
	return out
}

func period(days int) templates.Period {
	to := midnight().AddDate(0, 0, 1)
	p := templates.Period{From: to.AddDate(0, 0, -days), To: to, Today: midnight(), Zone: "Europe/Berlin"}
	if days == 7 || days == 30 || days == 90 {
		p.Days = days
	}
	return p
}

var testFrame = templates.Frame{Nonce: testNonce, Viewer: owner}

func sitePage(days int) templates.SitePage {
	p := templates.SitePage{
		Frame: testFrame, ID: "shop", Name: "Kiln & Leaf", Period: period(days), Unit: templates.ByDay, Overdrawn: 1,
		Categories: []templates.CategoryName{
			{ID: "analytics", Title: "Measurement"}, {ID: "share", Title: "Share buttons and embeds"},
		},
		Paste: templates.Paste{Tag: `<script src="/privacy/gate.js"></script>`, Command: "consentry snippet shop"},
	}
	p.Live = &templates.Live{Since: "14:00", At: "14:23:05", Hour: templates.LiveHour{Shown: 212, Accepted: 61, Chosen: 9, Rejected: 48, Events: 124},
		Before: templates.LiveHour{Shown: 1803, Accepted: 502, Chosen: 61, Rejected: 377, Events: 1011}}
	p.Steps, p.Total = traffic(days)
	p.Steps[min(5, days-1)].NewNotice = true
	p.Missed = &templates.Missed{Category: "Measurement", Split: templates.Split{Granted: p.Total.Shown - p.Total.Accepted, Denied: p.Total.Accepted}, Unasked: p.Total}
	p.Categories[0].Services = []templates.ServiceName{{ID: "ga4", Name: "Google Analytics"}}
	p.Total.Services = map[string]templates.Split{"ga4": p.Total.Status["analytics"]}
	p.Breakdowns = []templates.Breakdown{
		{ID: "country", Smallest: 10, Rows: []templates.BreakdownRow{{Value: "DE", Tally: p.Total}, {Value: "unknown", Withheld: []string{"share"}, Tally: measured(p.Steps[0].Tally)}, {Folded: 3}}},
		{ID: "gpc", Smallest: 10, Rows: []templates.BreakdownRow{{Value: "no", Tally: p.Total}, {Folded: 2, Tally: p.Steps[0].Tally}}},
	}
	return p
}

// measured is what is left of a tally when what it says of other categories is withheld.
func measured(t templates.Tally) templates.Tally {
	t.Status = map[string]templates.Split{"analytics": t.Status["analytics"]}
	return t
}

// comparedPage is a period beside a longer one before it, with questions asked anew.
func comparedPage() templates.SitePage {
	p := sitePage(7)
	p.Filter.Kind = "again"
	return against(p, templates.OwnDates, -30, 30)
}

// against compares a page with some days that begin so long before or after its own.
func against(p templates.SitePage, how string, after, days int) templates.SitePage {
	from := p.Period.From.AddDate(0, 0, after)
	_, total := traffic(days + 5)
	steps, _ := traffic(days + 5)
	p.Against = templates.Against{How: how, Period: templates.Period{From: from, To: from.AddDate(0, 0, days), Today: p.Period.Today, Zone: p.Period.Zone}}
	p.Compare = &templates.Comparison{Period: p.Against.Period, Total: total}
	if !p.Filter.Narrows() {
		p.Compare.Breakdowns = []templates.Breakdown{{ID: "country", Smallest: 10, Rows: []templates.BreakdownRow{{Value: "DE", Withheld: []string{"share"}, Tally: measured(total)}, {Folded: 4}}}}
	}
	for i := range min(days, len(p.Steps)) {
		s := steps[i]
		s.From, s.To = from.AddDate(0, 0, i), from.AddDate(0, 0, i+1)
		p.Compare.Steps = append(p.Compare.Steps, s)
	}
	return p
}

// mixed is a page compared with what has days of its own in it: none of its figures.
func mixed(p templates.SitePage) templates.SitePage {
	p.Compare = &templates.Comparison{Period: p.Compare.Period}
	return p
}

// comparedPages are what stands in the panel: as many days, the same days, days that
// are in both, and a year ago before anything was counted.
func comparedPages() map[string]page {
	long := against(sitePage(30), templates.YearBefore, -365, 30)
	long.Compare.Total, long.Compare.Steps, long.Compare.Breakdowns = templates.Tally{}, nil, nil
	few := against(narrowedPage(), templates.PeriodBefore, -7, 7)
	few.Compare.Total, few.Compare.Steps, few.Compare.Few = templates.Tally{}, nil, true
	hidden := templates.SitePage{Frame: testFrame, ID: "shop", Name: "Kiln & Leaf", Period: period(7), Filter: few.Filter, Against: long.Against, Few: true}
	part := narrowedPage()
	part.Frame.Part = true
	return map[string]page{
		"site-compared":         templates.Site(comparedPage()),
		"site-compared-before":  templates.Site(against(sitePage(7), templates.PeriodBefore, -7, 7)),
		"site-compared-overlap": templates.Site(mixed(against(sitePage(30), templates.OwnDates, -20, 25))),
		"site-compared-same":    templates.Site(mixed(against(sitePage(7), templates.OwnDates, 0, 7))),
		"site-compared-empty":   templates.Site(long),
		"site-compared-few":     templates.Site(few),
		"site-few":              templates.Site(hidden),
		"site-part":             templates.Site(part),
	}
}

// narrowedPage is what one country's visitors did.
func narrowedPage() templates.SitePage {
	p := sitePage(7)
	p.Filter, p.Live = templates.Filter{By: "country", Value: "DE"}, nil
	p.Steps[2] = templates.Step{From: p.Steps[2].From, To: p.Steps[2].To, Unit: templates.ByDay, Few: true}
	return p
}

// nothingPage is a site on which nobody was asked again.
func nothingPage() templates.SitePage {
	p := sitePage(7)
	p.Filter, p.Live, p.Total = templates.Filter{Kind: "again"}, nil, templates.Tally{}
	return p
}

// seenPage is a site whose gate has met what nobody declares.
func seenPage() templates.SitePage {
	p := sitePage(7)
	day := p.Period.From
	p.Reports = true
	p.Seen = []consent.Sighting{
		{Kind: consent.SeenCookie, Name: "stranger_*_id", First: day, Last: day.AddDate(0, 0, 5)},
		{Kind: consent.SeenHost, Name: "stranger.example", First: day, Last: day},
		{Kind: consent.SeenStorage, Name: "<b>", First: day, Last: day},
	}
	return p
}

// reportsPage is one whose gate has met nothing yet.
func reportsPage() templates.SitePage {
	p := sitePage(7)
	p.Reports = true
	return p
}

// yearPage is a chart by months, the first and last of which are cut.
func yearPage() templates.SitePage {
	p := sitePage(700)
	var months []templates.Step
	for i, d := range p.Steps {
		if i == 0 || d.From.Day() == 1 {
			months = append(months, templates.Step{From: d.From, Unit: templates.ByMonth})
		}
		last := &months[len(months)-1]
		last.To, last.Tally = d.To, sum(last.Tally, d.Tally)
	}
	p.Steps, p.Unit, p.Overdrawn = months, templates.ByMonth, 0
	p.Categories = append(p.Categories, templates.CategoryName{ID: "marketing", Title: "Advertising", Retired: true})
	return p
}

func operatorPages() map[string]page {
	empty := sitePage(30)
	empty.Steps, empty.Total = nil, templates.Tally{}
	_, small := traffic(7)
	_, large := traffic(30)
	pages := map[string]page{
		"setup":         templates.Setup(templates.SetupPage{Nonce: testNonce, Name: "admin", Minimum: 12}),
		"setup-refused": templates.Setup(templates.SetupPage{Nonce: testNonce, Name: "admin", Minimum: 12, Problem: "The two passwords differ."}),
		"login":         templates.Login(templates.LoginPage{Nonce: testNonce}),
		"login-refused": templates.Login(templates.LoginPage{Nonce: testNonce, Problem: "Too many tries. Wait 8 s and try again."}),
		"login-fresh":   templates.Login(templates.LoginPage{Nonce: testNonce, Fresh: true}),
		"overview": templates.Overview(templates.OverviewPage{Frame: testFrame, Period: period(30), Proofs: templates.Proofs{
			Promise: "It is on the disk (durable).", Trouble: "The store is slow or away: 12 decisions wait on this server’s disk.",
		}, Sites: []templates.SiteRow{
			{ID: "shop", Name: "Kiln & Leaf", Total: large},
			{ID: "journal", Name: "The Potter’s Journal", Total: small},
			{ID: "wholesale", Name: "Kiln & Leaf Wholesale and Restaurant Supplies"},
		}}),
		"overview-empty": templates.Overview(templates.OverviewPage{Frame: testFrame, Period: period(7)}),
		"overview-needs": templates.Overview(templates.OverviewPage{Frame: testFrame, Period: period(30), Sites: []templates.SiteRow{{ID: "shop", Name: "Kiln & Leaf", Total: large}}, Needs: []templates.Needs{
			{ID: "shop", Name: "Kiln & Leaf", Waiting: 3, Overdue: 1, Leaks: []string{"YouTube"}, Unlisted: 2}, {ID: "journal", Name: "The Potter’s Journal", Unsigned: 1},
		}}),
		"site-7":        templates.Site(sitePage(7)),
		"site-30":       templates.Site(sitePage(30)),
		"site-months":   templates.Site(yearPage()),
		"site-narrowed": templates.Site(narrowedPage()),
		"site-nothing":  templates.Site(nothingPage()),
		"site-seen":     templates.Site(seenPage()),
		"site-reports":  templates.Site(reportsPage()),
		"site-empty":    templates.Site(empty),
	}
	maps.Copy(pages, comparedPages())
	return pages
}
