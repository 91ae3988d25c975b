package templates_test

import (
	"testing"
	"time"

	"github.com/consentry/consentry/internal/consent"
	"github.com/consentry/consentry/internal/experiment"
	"github.com/consentry/consentry/templates"
)

// triedShop is the shop with an experiment that started a month before now.
func triedShop(t *testing.T) *consent.Site {
	t.Helper()
	site := shop(t)
	variant := *site
	variant.Variant, variant.Appearance.Layout, variant.Appearance.Position = "plain-card", "card", "end"
	variant.Texts = make(map[string]consent.Texts)
	for locale, texts := range site.Texts {
		if locale == "en" {
			texts.Heading, texts.Body = "Your choice", "We ask about <measurement> & videos."
		}
		variant.Texts[locale] = texts
	}
	site.Experiment = &consent.Experiment{
		ID: "plain-card", Start: now.AddDate(0, 0, -30).Truncate(24 * time.Hour), Block: 12 * time.Hour,
		Measure: experiment.ByAnswered, Detect: 0.03, Variant: &variant,
	}
	return site
}

// tried is the page after n pairs that differ by a number of points, and a bit more
// and less by turns.
func tried(t *testing.T, n int, points int64) templates.ExperimentPage {
	site := triedShop(t)
	s := experiment.Schedule{Seed: []byte("seed"), Start: site.Experiment.Start, Block: site.Experiment.Block}
	r := &templates.ExperimentResult{Schedule: s}
	for i := range int64(n) {
		shown, bit := 900+40*(i%5), 30*(i%3-1)
		r.Pairs = append(r.Pairs, experiment.Pair{
			Configured: experiment.Tally{Shown: shown, Accepted: shown / 4, Chosen: 20, Rejected: shown / 6, Varied: 3 * i},
			Variant:    experiment.Tally{Shown: shown + 10, Accepted: shown/4 + points*shown/100 + bit, Chosen: 20, Rejected: shown / 6, Varied: shown + 10},
		})
	}
	r.Result = experiment.Analyse(r.Pairs, site.Experiment.Measure)
	r.Needed, r.Unplanned = experiment.Needed(r.Pairs, site.Experiment.Measure, site.Experiment.Detect)
	return templates.ExperimentPage{Nonce: testNonce, Viewer: owner, Site: site, Now: now, Result: r, Ends: true}
}

func experimentPages(t *testing.T) map[string]page {
	t.Helper()
	none, waiting, byHand, reader := tried(t, 0, 0), tried(t, 0, 0), tried(t, 0, 0), tried(t, 9, 0)
	none.Site, none.Result, none.Ends = shop(t), nil, false
	waiting.Now = now.AddDate(0, 0, -40)
	byHand.Result, byHand.Problem = nil, "the site file is written in a way that only its owner should change"
	reader.Ends = false
	return map[string]page{
		"experiment-none": templates.Experiment(none), "experiment-waiting": templates.Experiment(waiting),
		"experiment-begun": templates.Experiment(tried(t, 1, 2)), "experiment-undecided": templates.Experiment(reader),
		"experiment-better": templates.Experiment(tried(t, 28, 9)), "experiment-worse": templates.Experiment(tried(t, 28, -9)),
		"experiment-by-hand": templates.Experiment(byHand),
	}
}

// The start of the example lies ahead whenever it is read.
func TestTheExampleOfAnExperimentStartsAhead(t *testing.T) {
	p := templates.ExperimentPage{Nonce: testNonce, Viewer: owner, Site: shop(t), Now: time.Date(2027, 2, 26, 23, 30, 0, 0, time.UTC)}
	p.Site.Counting.Zone = time.FixedZone("east", 3600) // where the 27th has begun
	wantTexts(t, templates.Experiment(p), []string{"start: 2027-03-02        # a day ahead"}, nil)
}

// The reason is named, however few pairs there are.
func TestWhyItIsNotKnownHowLongAnExperimentTakes(t *testing.T) {
	p := tried(t, 10, 0)
	p.Result.Needed, p.Result.Unplanned = experiment.Needed(p.Result.Pairs, p.Site.Experiment.Measure, 0.0001)
	wantTexts(t, templates.Experiment(p), []string{"takes more than 2,000 pairs of blocks"}, []string{"can be estimated once"})
	wantTexts(t, templates.Experiment(tried(t, 2, 0)), []string{"can be estimated once some days were counted"}, []string{"2,000"})
}
