package dashboard

import (
	"github.com/labstack/echo/v4"

	"github.com/consentry/consentry/internal/consent"
	"github.com/consentry/consentry/internal/experiment"
	"github.com/consentry/consentry/templates"
)

type apiExperiment struct {
	ID         string            `json:"id"`
	Start      consent.Timestamp `json:"start"`
	BlockHours float64           `json:"block_hours"`
	Measure    string            `json:"measure"`
	Detect     float64           `json:"detect"`
	Changes    []apiVaried       `json:"changes"`
	Result     *apiResult        `json:"result"` // null while it is not served
}

// apiVaried is what differs, in the words of the page.
type apiVaried struct {
	What       string `json:"what"`
	Configured string `json:"configured"`
	Variant    string `json:"variant"`
}

type apiResult struct {
	Shown      bool      `json:"difference_shown"`
	Difference *float64  `json:"difference"` // null while nothing can be said, as low and high
	Low        *float64  `json:"low"`
	High       *float64  `json:"high"`
	Needed     *int      `json:"pairs_needed"` // null when it cannot be estimated
	Pairs      []apiPair `json:"pairs"`        // complete ones, oldest first
}

type apiPair struct {
	Configured apiBlock `json:"configured"`
	Variant    apiBlock `json:"variant"`
	LeftOut    bool     `json:"left_out"` // no evidence, see experiment.Pair
}

type apiBlock struct {
	From     consent.Timestamp `json:"from"`
	To       consent.Timestamp `json:"to"`
	Shown    int64             `json:"shown"`
	Accepted int64             `json:"accepted"`
	Chosen   int64             `json:"chosen"`
	Rejected int64             `json:"rejected"`
	Varied   int64             `json:"showed_the_variant"`
}

// apiExperiment says what a site's experiment has shown so far, null without one.
func (d *Dashboard) apiExperiment(c echo.Context) error {
	site, err := d.site(c)
	if err != nil {
		return err
	}
	out := struct {
		Site       string         `json:"site"`
		Experiment *apiExperiment `json:"experiment"`
	}{Site: site.ID}
	e := site.Experiment
	if e == nil {
		return answerJSON(c, out)
	}
	out.Experiment = &apiExperiment{ID: e.ID, Start: consent.At(e.Start), BlockHours: e.Block.Hours(), Measure: e.Measure, Detect: e.Detect, Changes: []apiVaried{}}
	for _, c := range (templates.ExperimentPage{Site: site}).Changes() {
		out.Experiment.Changes = append(out.Experiment.Changes, apiVaried(c))
	}
	if schedule, ok := d.schedule(site); ok {
		found, err := d.compare(c.Request().Context(), site, schedule)
		if err != nil {
			return err
		}
		out.Experiment.Result = resultOf(found)
	}
	return answerJSON(c, out)
}

func resultOf(r *templates.ExperimentResult) *apiResult {
	out := &apiResult{Shown: r.Shown(), Pairs: []apiPair{}}
	if r.Low > -1 || r.High < 1 {
		out.Difference, out.Low, out.High = &r.Difference, &r.Low, &r.High
	}
	if r.Unplanned == nil {
		out.Needed = &r.Needed
	}
	for n, p := range r.Pairs {
		pair := apiPair{LeftOut: p.Unserved}
		for _, b := range r.Pair(n) {
			if b.Variant {
				pair.Variant = blockOf(b, p.Variant)
			} else {
				pair.Configured = blockOf(b, p.Configured)
			}
		}
		out.Pairs = append(out.Pairs, pair)
	}
	return out
}

func blockOf(b experiment.Block, t experiment.Tally) apiBlock {
	return apiBlock{consent.At(b.Begin()), consent.At(b.To), t.Shown, t.Accepted, t.Chosen, t.Rejected, t.Varied}
}
