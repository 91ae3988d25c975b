package sqlitestore

import (
	"errors"
	"maps"
	"slices"
	"strconv"
	"testing"
	"time"

	"github.com/consentry/consentry/internal/consent"
	"github.com/consentry/consentry/internal/storetest"
)

// Counters add up to the same at every moment: in the site's row, folded because they
// are many or of another hour, and opened again.
func TestCountersAreTheSameFoldedOrNot(t *testing.T) {
	path := testPath(t)
	s := opened(t, path, generationSize)
	hours, days := make(map[consent.Count]int64), make(map[consent.Count]int64)
	folded, waited := 0, 0
	for n := range 60 {
		e := storetest.Entry("shop", n)
		e.Counts = manyCounts(n)
		for _, c := range e.Counts {
			hours[consent.Count{Hour: c.Hour, Key: c.Key}] += c.N
			days[consent.Count{Day: c.Day, Key: c.Key}] += c.N
		}
		storetest.MustAppend(t, s, e)
		sameSums(t, n, s, hours, days)
		if s.writer.sites["shop"].cell == nil {
			folded++
		} else {
			waited++
		}
		if n%20 == 19 {
			must(t, s.Close())
			s = opened(t, path, generationSize)
			sameSums(t, n, s, hours, days)
		}
	}
	if folded < 5 || waited < 5 {
		t.Errorf("folded %d times, not %d times: this has shown one of the two only", folded, waited)
	}
}

// manyCounts are of an hour that changes every seventh time, or of a day around noon
// that does not, and every 15th time more than a site's row holds.
func manyCounts(n int) (list []consent.Count) {
	hour := storetest.Epoch().Add(time.Duration(n/7) * time.Hour)
	keys := 10
	if n%15 == 14 {
		keys = 900
	}
	for i := range keys {
		key := consent.CountKey("shown-by", "locale", strconv.Itoa(n%5*7+i))
		list = append(list, consent.Count{Hour: hour, Day: consent.DateOf(hour, time.UTC), Key: key, N: int64(n + i + 1)})
	}
	return list
}

func sameSums(t *testing.T, n int, s *Store, hours, days map[consent.Count]int64) {
	t.Helper()
	list, err := s.Counts(t.Context(), "shop", storetest.Epoch(), storetest.Epoch().AddDate(0, 0, 9))
	must(t, err)
	got := make(map[consent.Count]int64)
	for _, c := range list {
		got[consent.Count{Hour: c.Hour, Key: c.Key}] += c.N
	}
	if len(list) != len(hours) || !maps.Equal(got, hours) {
		t.Fatalf("after entry %d: hourly counters differ", n)
	}
	first := consent.DateOf(storetest.Epoch(), time.UTC)
	sheet, err := s.Days(t.Context(), "shop", first, first+9)
	must(t, err)
	clear(got)
	for _, c := range sheet.Cells {
		got[consent.Count{Day: c.Day, Key: sheet.Keys[c.Key]}] += c.N
	}
	if len(sheet.Cells) != len(days) || !maps.Equal(got, days) {
		t.Fatalf("after entry %d: daily counters differ", n)
	}
}

// What schema 3 has counted is counted further.
func TestSchema3KeepsItsCounters(t *testing.T) {
	path := testPath(t)
	must(t, createPrivate(path))
	c, err := connect(t.Context(), path, false)
	must(t, err)
	must(t, migrate(c, path, migrations()[:3]))
	key := consent.CountKey("shown", "who", "human")
	must(t, c.exec("INSERT INTO sites VALUES (1, 'shop', 0, 0)"))
	must(t, c.exec("INSERT INTO counter_keys VALUES (7, ?)", key))
	hour, day := storetest.Epoch(), consent.DateOf(storetest.Epoch(), time.UTC)
	for span, at := range []int64{hour.Unix() / secondsAnHour, int64(day)} {
		must(t, c.exec("INSERT INTO tallies VALUES (1, ?, ?, ?)", int64(span), at, tally{{7, 40}}.encode()))
	}
	must(t, c.Close())

	s := opened(t, path, generationSize)
	e := storetest.Entry("shop", 0)
	e.Counts = []consent.Count{{Hour: hour, Day: day, Key: key, N: 2}}
	storetest.MustAppend(t, s, e)
	sums := map[consent.Count]int64{{Hour: hour, Key: key}: 42}
	sameSums(t, 0, s, sums, map[consent.Count]int64{{Day: day, Key: key}: 42})
}

// A site's row whose counters cannot be read is damage, not zero.
func TestDamagedCountersAreRefused(t *testing.T) {
	path := testPath(t)
	s := opened(t, path, generationSize)
	storetest.MustAppend(t, s, storetest.Entry("shop", 1))
	whole := slices.Clone(s.writer.sites["shop"].cell)
	for size := 1; size < len(whole); size++ {
		if _, err := decodeUnfolded("shop", whole[:size]); !errors.Is(err, errTally) {
			t.Errorf("%d of %d bytes: %v, want %v", size, len(whole), err, errTally)
		}
	}
	must(t, s.Close())
	withSession(t, path, func(c *session) { must(t, c.exec("UPDATE sites SET unfolded = ?", whole[:len(whole)-1])) })
	if _, err := Open(path, Options{}); !errors.Is(err, errTally) {
		t.Errorf("open: %v, want %v", err, errTally)
	}
}
