package dashboard

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"sync"
	"time"

	"github.com/labstack/echo/v4"

	"github.com/consentry/consentry/internal/consent"
	"github.com/consentry/consentry/templates"
)

// ErrStreams is a live view too many: 503.
var ErrStreams = errors.New("too many live views are open")

// Bounds of live views. Each reads two hours of counters at a time, and never what a
// single visitor does.
const (
	liveEvery    = 5 * time.Second
	liveLongest  = time.Hour        // the browser then connects anew
	liveMost     = 64               // of all accounts
	liveEach     = 8                // of one
	livePatience = 10 * time.Second // for one event, with a browser that takes nothing any more
)

// streams counts open live views, by account.
type streams struct {
	mu  sync.Mutex
	all int
	by  map[string]int
}

func (s *streams) enter(account string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.all >= liveMost || s.by[account] >= liveEach {
		return refuse(http.StatusServiceUnavailable, ErrStreams)
	}
	if s.by == nil {
		s.by = make(map[string]int)
	}
	s.all++
	s.by[account]++
	return nil
}

func (s *streams) leave(account string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.all--
	if s.by[account]--; s.by[account] == 0 {
		delete(s.by, account)
	}
}

// live reads what a site's hour at hand and the one before it came to.
func (d *Dashboard) live(ctx context.Context, site *consent.Site) (*templates.Live, error) {
	zone, now := site.Counting.Location(), d.Now()
	hour := consent.HourOf(now, zone)
	counts, err := d.Store.Counts(ctx, site.ID, hour.Add(-time.Hour), hour.Add(time.Hour))
	if err != nil {
		return nil, fmt.Errorf("read counters of %s: %w", site.ID, err)
	}
	const before, this = consent.Date(1), consent.Date(2)
	for i := range counts {
		counts[i].Day = before
		if counts[i].Hour.Equal(hour) {
			counts[i].Day = this
		}
	}
	f := Rates(consent.SheetOf(counts), before, this+1, templates.Filter{})
	local := now.In(zone)
	return &templates.Live{
		Since: local.Format("15") + ":00", At: local.Format(time.TimeOnly),
		Hour: templates.LiveOf(f.Days[1].Tally), Before: templates.LiveOf(f.Days[0].Tally),
	}, nil
}

// getLive sends a site's hour as server-sent events, until the browser leaves or
// its session ends, in which case the last event says so.
func (d *Dashboard) getLive(c echo.Context) error {
	site, _, err := d.asked(c)
	if err != nil {
		return err
	}
	account := viewerOf(c).name
	if err := d.streams.enter(account); err != nil {
		return err
	}
	defer d.streams.leave(account)
	h := c.Response().Header()
	h.Set("Content-Type", "text/event-stream")
	h.Set("X-Accel-Buffering", "no") // nginx would keep it back
	// The listener's deadlines are for requests that end; each event has its own.
	conn := http.NewResponseController(c.Response())
	_ = errors.Join(conn.SetReadDeadline(time.Time{}), conn.SetWriteDeadline(time.Time{}))
	tick := time.NewTicker(cmp.Or(d.LiveEvery, liveEvery))
	defer tick.Stop()
	for until := d.Now().Add(liveLongest); d.Now().Before(until); {
		over, err := d.sendLive(c, site)
		if err != nil || over {
			return err
		}
		select {
		case <-c.Request().Context().Done():
			return nil
		case <-d.Ending: // of the program: nobody waits for its streams
			return nil
		case <-tick.C:
		}
	}
	return nil
}

// sendLive sends one event. An unchanged hour is sent too: its time has changed,
// and proxies close a connection that is silent.
func (d *Dashboard) sendLive(c echo.Context, site *consent.Site) (over bool, err error) {
	event := "event: end\ndata: {}\n\n"
	v, in := d.signedIn(c)
	if over = !in || !v.may(seeRates) || !v.scope.has(site.ID); !over {
		live, err := d.live(c.Request().Context(), site)
		if err != nil {
			return false, err
		}
		b, err := json.Marshal(live)
		if err != nil {
			return false, err
		}
		event = "data: " + string(b) + "\n\n"
	}
	conn := http.NewResponseController(c.Response())
	late := time.AfterFunc(cmp.Or(d.LivePatience, livePatience), func() { _ = conn.SetWriteDeadline(time.Unix(1, 0)) })
	defer late.Stop()
	if _, err := c.Response().Write([]byte(event)); err != nil {
		return true, nil // the browser has left
	}
	c.Response().Flush()
	return over, nil
}
