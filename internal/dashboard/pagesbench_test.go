package dashboard

import (
	"fmt"
	"log/slog"
	"net/http/httptest"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/labstack/echo/v4"

	"github.com/consentry/consentry/internal/consent"
	"github.com/consentry/consentry/internal/outbox"
	"github.com/consentry/consentry/internal/redisstore"
	"github.com/consentry/consentry/internal/sqlitestore"
	"github.com/consentry/consentry/internal/storetest"
	"github.com/consentry/consentry/internal/translog"
	"github.com/consentry/consentry/templates"
)

// A page costs as much as its period has days and different counters, however many
// records stand behind them: these are the counters of ten million, over two years
// and five sites, whose visitors come from 40 countries with 12 languages, on 3
// devices and 6 groups of pages, decide about three categories of four services
// each, and see a new notice every two months.
const (
	benchSites = 5
	benchDays  = 730
	aSiteADay  = 10_000_000 / benchSites / benchDays
	barMillis  = 100
	barKB      = 150
)

// BenchmarkPages reports what a page takes of the server's time on either store and
// how much crosses the wire when it is opened for the first time, each beside its bar,
// and apart from the others the first page of all that a store is asked for after it
// was opened. Pages carry their style; beside it there is the script alone, once for
// all of them.
//
// What stands behind the pages was added when it was decided: on Redis within half a
// second, which this waits for. A decision that nobody has added yet costs the page
// that comes first, see BenchmarkFirstReadAfterAKill in redisstore.
func BenchmarkPages(b *testing.B) {
	now := time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC)
	file, redis := filepath.Join(b.TempDir(), "pages.db"), storetest.StartRedis(b)
	for _, on := range []struct {
		name string
		open func() (consent.Store, error)
	}{
		{"embedded", func() (consent.Store, error) { return sqlitestore.Open(file, sqlitestore.Options{}) }},
		{"redis", func() (consent.Store, error) {
			return redisstore.Open(b.Context(), redis.URL(), redisstore.Options{})
		}},
	} {
		store, err := on.open()
		if err != nil {
			b.Fatal(err)
		}
		var sites []*consent.Site
		counters := 0
		for n := range benchSites {
			site := benchSite(fmt.Sprintf("site-%d", n))
			sites = append(sites, site)
			counters = fill(b, store, site.ID, consent.DateOf(now, time.UTC))
		}
		if err := store.Close(); err != nil { // which adds what is left to the counters
			b.Fatal(err)
		}
		open := func() *Dashboard {
			store, err := on.open()
			if err != nil {
				b.Fatal(err)
			}
			return &Dashboard{room: make(chan struct{}, sumsAtOnce), Options: Options{
				Store: store, Now: func() time.Time { return now }, Log: slog.New(slog.DiscardHandler), Sites: func() []*consent.Site { return sites },
				Seen: func(string) []consent.Sighting { return nil }, Outbox: func() outbox.Status { return outbox.Status{} },
				Requests: (&consent.Requests{Store: store}).List, Transparency: func(string) *translog.Log { return nil },
			}, eldest: make(map[string]consent.Oldest)}
		}
		const twoYears = "?from=2024-11-23&to=2026-11-22"
		for _, page := range []struct {
			name, address string
			handler       func(*Dashboard, echo.Context) error
		}{
			{"five sites, two years", "/admin/" + twoYears, (*Dashboard).getOverview},
			{"a site, 30 days", "/admin/sites/site-0?days=30", (*Dashboard).getSite},
			{"a site, two years", "/admin/sites/site-0" + twoYears, (*Dashboard).getSite},
			{"a site, a year and the one before", "/admin/sites/site-0?from=2025-11-23&to=2026-11-22&compare=before", (*Dashboard).getSite},
			{"a site in one country, two years", "/admin/sites/site-0" + twoYears + "&by=country&value=C1", (*Dashboard).getSite},
			{"JSON, two years", "/admin/sites/site-0/rates.json" + twoYears, (*Dashboard).getJSON},
			{"requests", "/admin/requests", (*Dashboard).getRequests},
			{"keeping", "/admin/state", (*Dashboard).getState},
			{"audit", "/admin/sites/site-0/audit", (*Dashboard).getAudit},
		} {
			b.Run(on.name+"/"+page.name, func(b *testing.B) {
				d := open()
				benchPage(b, page.address, func(c echo.Context) error { return page.handler(d, c) }, counters)
				if err := d.Store.Close(); err != nil {
					b.Fatal(err)
				}
			})
		}
	}
}

func benchSite(id string) *consent.Site {
	policy := consent.Policy{Site: id}
	for _, category := range storetest.VisitCategories() {
		c := consent.Category{ID: category}
		for n := range 4 {
			service := fmt.Sprintf("%s-%d", category, n)
			c.Services = append(c.Services, consent.Service{ID: service, Name: service})
		}
		policy.Categories = append(policy.Categories, c)
	}
	return &consent.Site{ID: id, Name: id, Locales: []string{"en"}, Counting: consent.Counting{Smallest: 10}, Policy: consent.NewPolicy(policy)}
}

func benchPage(b *testing.B, address string, handler echo.HandlerFunc, counters int) {
	e, handler := echo.New(), compressed()(handler)
	answered := ""
	view := func() (size int, took time.Duration) {
		start := time.Now()
		answer := httptest.NewRecorder()
		r := httptest.NewRequest("GET", address, nil)
		r.Header.Set("Accept-Encoding", "gzip, deflate, br")
		c := e.NewContext(r, answer)
		c.SetParamNames("site")
		c.SetParamValues("site-0")
		c.Set(viewerKey, viewer{role: Owner, scope: Scope{All: true}})
		if err := handler(c); err != nil || answer.Code != 200 {
			b.Fatal(answer.Code, err)
		}
		answered = answer.Header().Get("Content-Type")
		return answer.Body.Len(), time.Since(start)
	}
	size, first := view()
	least := first
	for b.Loop() {
		_, took := view()
		least = min(least, took)
	}
	b.ReportMetric(float64(first.Microseconds())/1000, "first-ms")
	b.ReportMetric(float64(b.Elapsed().Microseconds())/1000/float64(b.N), "ms")
	b.ReportMetric(float64(least.Microseconds())/1000, "least-ms")
	b.ReportMetric(barMillis, "bar-ms")
	if page := templates.Script(); strings.HasPrefix(answered, "text/html") {
		size += len(page.Zipped)
	}
	b.ReportMetric(float64(size)/1000, "KB")
	b.ReportMetric(barKB, "bar-KB")
	b.ReportMetric(float64(counters), "counters/day")
	b.ReportMetric(0, "ns/op")
}

// fill gives a site what aSiteADay decisions and twice as many impressions a day
// add to its counters, and says how many different ones a day has.
func fill(b *testing.B, store consent.Store, site string, last consent.Date) (counters int) {
	var entries []consent.Entry
	var sums map[string]int64
	for n := range benchDays {
		if n%60 == 0 {
			sums = aDaysCounters(fmt.Sprint("notice-", n/60))
		}
		day := last - benchDays + 1 + consent.Date(n)
		var list []consent.Count
		for key, sum := range sums {
			list = append(list, consent.Count{Hour: day.Time().Add(12 * time.Hour), Day: day, Key: key, N: sum})
		}
		for part := range slices.Chunk(list, 200) {
			e := storetest.Entry(site, len(entries))
			e.Counts = part
			entries = append(entries, e)
		}
	}
	storetest.AppendAll(b, store, 64, entries)
	return len(sums)
}

func aDaysCounters(notice string) map[string]int64 {
	// of visitors: every value of each breakdown with everything, nothing and each way to choose some
	const kinds = 40 * 8
	sums := make(map[string]int64)
	for v := range kinds {
		way := v / 40
		visit := storetest.Visit{
			Moment: consent.Moment{Zone: time.UTC, Country: fmt.Sprint("C", v%40), Group: fmt.Sprint("group-", v%6)},
			Locale: fmt.Sprint("l", v%12), Form: []string{"phone", "desktop", "tablet"}[v%3], Notice: notice, Accepts: way == 7,
		}
		for i, category := range storetest.VisitCategories() {
			if way < 7 && way>>i&1 == 1 {
				visit.Chooses = append(visit.Chooses, category)
			}
		}
		for _, c := range visit.Decision() {
			sums[c.Key] += aSiteADay/kinds + 1
		}
		for _, c := range visit.Impression() {
			sums[c.Key] += aSiteADay/kinds*2 + 2
		}
	}
	return sums
}
