package dashboard

import (
	"fmt"
	"log/slog"
	"net/http/httptest"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/labstack/echo/v4"

	"github.com/consentry/consentry/internal/consent"
	"github.com/consentry/consentry/internal/outbox"
	"github.com/consentry/consentry/internal/redisstore"
	"github.com/consentry/consentry/internal/sqlitestore"
	"github.com/consentry/consentry/internal/storetest"
)

// A page costs as much as its period has days and counters, however many records
// stand behind them: these are the counters of ten million, over two years and five
// sites.
const (
	benchSites = 5
	benchDays  = 730
	aSiteADay  = 10_000_000 / benchSites / benchDays
)

// BenchmarkPages reports what a page takes of the server's time on either store.
func BenchmarkPages(b *testing.B) {
	now := time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC)
	for name, open := range map[string]func() (consent.Store, error){
		"embedded": func() (consent.Store, error) {
			return sqlitestore.Open(filepath.Join(b.TempDir(), "pages.db"), sqlitestore.Options{})
		},
		"redis": func() (consent.Store, error) {
			return redisstore.Open(b.Context(), storetest.StartRedis(b).URL(), redisstore.Options{})
		},
	} {
		store, err := open()
		if err != nil {
			b.Fatal(err)
		}
		b.Cleanup(func() { _ = store.Close() })
		d := &Dashboard{Options: Options{
			Store: store, Now: func() time.Time { return now }, Log: slog.New(slog.DiscardHandler),
			Seen: func(string) []consent.Sighting { return nil }, Outbox: func() outbox.Status { return outbox.Status{} },
		}}
		var sites []*consent.Site
		for n := range benchSites {
			site := fmt.Sprintf("site-%d", n)
			sites = append(sites, &consent.Site{
				ID: site, Name: site, Locales: []string{"en"}, Counting: consent.Counting{Smallest: 10},
				Policy: consent.NewPolicy(consent.Policy{Site: site, Categories: []consent.Category{{ID: "analytics"}, {ID: "share"}, {ID: "marketing"}}}),
			})
			fill(b, store, site, consent.DateOf(now, time.UTC))
		}
		d.Sites = func() []*consent.Site { return sites }
		for page, handler := range map[string]echo.HandlerFunc{
			"/admin/?from=2024-11-23&to=2026-11-22": d.getOverview, "/admin/sites/site-0?days=30": d.getSite,
			"/admin/sites/site-0?from=2024-11-23&to=2026-11-22": d.getSite, "/admin/sites/site-0?from=2025-11-23&to=2026-11-22&compare=before": d.getSite,
		} {
			b.Run(name+page, func(b *testing.B) {
				e := echo.New()
				for b.Loop() {
					answer := httptest.NewRecorder()
					c := e.NewContext(httptest.NewRequest("GET", page, nil), answer)
					c.SetParamNames("site")
					c.SetParamValues("site-0")
					if err := handler(c); err != nil || answer.Code != 200 {
						b.Fatal(answer.Code, err)
					}
				}
			})
		}
	}
}

// fill gives a site what aSiteADay decisions and twice as many impressions a day
// add to its counters.
func fill(b *testing.B, store consent.Store, site string, last consent.Date) {
	n := 0
	for day := last - benchDays + 1; day <= last; day++ {
		at := day.Time().Add(12 * time.Hour)
		sums := make(map[string]int64)
		for v := range 60 { // every combination that VisitCounts has
			for _, c := range storetest.VisitCounts(v, at) {
				sums[c.Key] += aSiteADay / 60
			}
			shown := consent.Impression{
				Moment: consent.Moment{Time: at, Zone: time.UTC, Country: fmt.Sprint("C", v%12), Group: fmt.Sprint("group-", v%5)},
				Locale: fmt.Sprint("l", v%6), Layout: "bar", Regime: consent.OptIn, Form: []string{"phone", "desktop", "tablet"}[v%3], Notice: "notice-1",
			}
			for _, c := range shown.Counts() {
				sums[c.Key] += aSiteADay / 30
			}
		}
		var list []consent.Count
		for key, sum := range sums {
			list = append(list, consent.Count{Hour: at, Day: day, Key: key, N: sum})
		}
		for part := range slices.Chunk(list, 200) {
			e := storetest.Entry(site, n)
			e.Counts = part
			storetest.MustAppend(b, store, e)
			n++
		}
	}
}
