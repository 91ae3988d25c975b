package dashboard

import (
	"context"
	"encoding/csv"
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"time"

	"github.com/labstack/echo/v4"

	"github.com/consentry/consentry/internal/consent"
	"github.com/consentry/consentry/internal/experiment"
	"github.com/consentry/consentry/internal/siteconfig"
	"github.com/consentry/consentry/templates"
)

// ErrExperiment is a form about an experiment that a site does not have (any more),
// 404, or that says neither adopt nor keep: 400.
var ErrExperiment = errors.New("there is no such experiment, or no such end of it")

const (
	settledIn = 48 * time.Hour // after which no late record changes a pair
	planDays  = 28             // before the start, from which the needed sample is estimated
	readDays  = 14             // of hourly counters at once
)

// keptPairs are pairs that do not change any more, by experiment.
type keptPairs map[string][]experiment.Pair

// getExperiment shows what a site's experiment has shown so far.
func (d *Dashboard) getExperiment(c echo.Context) error {
	site, err := d.site(c)
	if err != nil {
		return err
	}
	page := templates.ExperimentPage{Nonce: nonce(c), Viewer: frame(c), Site: site, Now: d.Now(), Ends: viewerOf(c).may(configure) && d.EndExperiment != nil}
	if schedule, ok := d.schedule(site); ok {
		if page.Result, err = d.compare(c.Request().Context(), site, schedule); err != nil {
			return err
		}
	}
	return show(c, http.StatusOK, templates.Experiment(page))
}

func (d *Dashboard) schedule(site *consent.Site) (s experiment.Schedule, ok bool) {
	if site.Experiment == nil || d.Schedule == nil {
		return s, false
	}
	return d.Schedule(site.ID)
}

// compare reads the counters of an experiment and of the time before it.
func (d *Dashboard) compare(ctx context.Context, site *consent.Site, s experiment.Schedule) (*templates.ExperimentResult, error) {
	now, e := d.Now(), site.Experiment
	pairs, err := d.pairsSoFar(ctx, site, s)
	if err != nil {
		return nil, err
	}
	out := &templates.ExperimentResult{Schedule: s, Pairs: pairs, Result: experiment.Analyse(pairs, e.Measure)}
	known := pairs
	if len(known) < planDays/2 {
		first := -s.Complete(s.Start.AddDate(0, 0, planDays))
		last := 0
		for last > first && s.Pair(last - 1)[1].To.After(now) {
			last--
		}
		before, err := d.readPairs(ctx, site, s, first, last)
		if err != nil {
			return nil, err
		}
		known = append(before, pairs...)
	}
	out.Needed, out.Unplanned = experiment.Needed(known, e.Measure, e.Detect)
	return out, nil
}

// pairsSoFar reads the complete pairs, the older ones once only.
func (d *Dashboard) pairsSoFar(ctx context.Context, site *consent.Site, s experiment.Schedule) ([]experiment.Pair, error) {
	now := d.Now()
	key := fmt.Sprint(site.ID, "/", site.Experiment.ID, "/", s.Start.Unix(), "/", s.Block)
	d.mu.Lock()
	kept := d.pairs[key]
	d.mu.Unlock()
	fresh, err := d.readPairs(ctx, site, s, len(kept), s.Complete(now))
	if err != nil {
		return nil, err
	}
	all := append(kept[:len(kept):len(kept)], fresh...)
	d.mu.Lock()
	defer d.mu.Unlock()
	d.pairs[key] = all[:min(len(all), max(len(kept), s.Complete(now.Add(-settledIn))))]
	return all, nil
}

// readPairs reads pairs from to to (exclusive) from the hourly counters.
func (d *Dashboard) readPairs(ctx context.Context, site *consent.Site, s experiment.Schedule, from, to int) ([]experiment.Pair, error) {
	if from >= to {
		return nil, nil
	}
	leave, err := d.enterRoom(ctx)
	if err != nil {
		return nil, err
	}
	defer leave()
	hours := make(map[time.Time]experiment.Tally)
	known := make(map[string]counter)
	end := s.Pair(to - 1)[1].To
	for at := s.Pair(from)[0].From.Add(-experiment.Known - time.Hour); at.Before(end); at = at.AddDate(0, 0, readDays) {
		until := at.AddDate(0, 0, readDays)
		if until.After(end) {
			until = end
		}
		counts, err := d.Store.Counts(ctx, site.ID, at, until)
		if err != nil {
			return nil, fmt.Errorf("read hourly counters of %s: %w", site.ID, err)
		}
		for _, n := range counts {
			key, ok := known[n.Key]
			if !ok {
				key = parseCounter(n.Key)
				known[n.Key] = key
			}
			t := hours[n.Hour]
			t.Add(key.tried(n.N, site.Experiment.ID))
			hours[n.Hour] = t
		}
	}
	return s.Collect(from, to, hours), nil
}

// tried is what a counter says about people's banners and their answers, under the
// experiment of an id.
func (c counter) tried(n int64, id string) (t experiment.Tally) {
	switch {
	case c.who != consent.Human:
	case c.name == consent.ShownCount:
		t.Shown = n
		if c.variant == id {
			t.Varied = n
		}
	case c.name != consent.DecidedCount || !c.isAnswer():
	case c.answer == consent.Accepted:
		t.Accepted = n
	case c.answer == consent.Rejected:
		t.Rejected = n
	case c.answer == consent.Chosen:
		t.Chosen = n
	}
	return t
}

// postExperiment ends an experiment.
func (d *Dashboard) postExperiment(c echo.Context) error {
	site, err := d.site(c)
	if err != nil {
		return err
	}
	end := c.FormValue("end")
	if end != "adopt" && end != "keep" {
		return refuse(http.StatusBadRequest, ErrExperiment)
	}
	if d.EndExperiment == nil || site.Experiment == nil || site.Experiment.ID != c.FormValue("experiment") {
		return refuse(http.StatusNotFound, ErrExperiment)
	}
	err = d.EndExperiment(c.Request().Context(), site, end == "adopt", func() error {
		return d.noteOn(c, site.ID, by(c, consent.AuditExperimentEnd, site.Experiment.ID, end))
	})
	if errors.Is(err, siteconfig.ErrByHand) || errors.Is(err, siteconfig.ErrNoExperiment) || errors.Is(err, siteconfig.ErrUnwritable) {
		page := templates.ExperimentPage{Nonce: nonce(c), Viewer: frame(c), Site: site, Now: d.Now(), Problem: err.Error()}
		return show(c, http.StatusConflict, templates.Experiment(page))
	}
	if err != nil {
		return err
	}
	return c.Redirect(http.StatusSeeOther, "/admin/sites/"+site.ID+"/experiment")
}

// getExperimentCSV writes one row for each block.
func (d *Dashboard) getExperimentCSV(c echo.Context) error {
	site, err := d.site(c)
	if err != nil {
		return err
	}
	schedule, ok := d.schedule(site)
	if !ok {
		return refuse(http.StatusNotFound, ErrExperiment)
	}
	pairs, err := d.pairsSoFar(c.Request().Context(), site, schedule)
	if err != nil {
		return err
	}
	h := c.Response().Header()
	h.Set("Content-Type", "text/csv; charset=utf-8; header=present")
	h.Set("Content-Disposition", fmt.Sprintf(`attachment; filename="consentry-%s-experiment-%s.csv"`, site.ID, site.Experiment.ID))
	out := csv.NewWriter(c.Response())
	out.UseCRLF = true // RFC 4180
	_ = out.Write([]string{"pair", "from", "to", "variant", "banners_shown", "accepted_all", "chosen_some", "rejected_all", "showed_the_variant", "left_out"})
	for n, p := range pairs {
		for _, b := range schedule.Pair(n) {
			t, name := p.Configured, ""
			if b.Variant {
				t, name = p.Variant, site.Experiment.ID
			}
			row := []string{strconv.Itoa(n + 1), b.Begin().UTC().Format(time.RFC3339), b.To.UTC().Format(time.RFC3339), name}
			for _, v := range []int64{t.Shown, t.Accepted, t.Chosen, t.Rejected, t.Varied} {
				row = append(row, strconv.FormatInt(v, 10))
			}
			_ = out.Write(append(row, strconv.FormatBool(p.Unserved)))
		}
	}
	out.Flush()
	return out.Error()
}
