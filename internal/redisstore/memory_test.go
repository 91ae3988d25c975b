package redisstore

import (
	"cmp"
	"os"
	"strconv"
	"testing"
	"time"

	"github.com/consentry/consentry/internal/consent"
	"github.com/consentry/consentry/internal/storetest"
)

// A record of a subject of its own takes at most 400 bytes of Redis' memory: log,
// indexes, secret and what Redis adds, whose tables grow by doubling: a few thousand
// records say little. A million: make scale.
func TestRecordTakesAtMost400BytesOfMemory(t *testing.T) {
	const budget, parts = 400, 10
	records, err := strconv.Atoi(cmp.Or(os.Getenv("CONSENTRY_SCALE"), "100000"))
	if err != nil {
		t.Fatalf("CONSENTRY_SCALE: %v", err)
	}
	records = max(records, 100_000)
	server := storetest.StartRedis(t)
	s := opened(t, server.URL(), patient())
	storetest.MustAppend(t, s, single(0)) // connections and script are there now
	before, begun, each := usedMemory(t, s), time.Now(), 0.0
	for part := range parts {
		list := make([]consent.Entry, records/parts)
		for n := range list {
			list[n] = single(part*len(list) + n + 1)
		}
		storetest.AppendAll(t, s, 64, list)
		written := (part + 1) * len(list)
		each = float64(usedMemory(t, s)-before) / float64(written)
		t.Logf("%d records after %.0f s: %.0f bytes a record", written, time.Since(begun).Seconds(), each)
	}
	if each > budget {
		t.Errorf("a record takes %.0f bytes, at most %d are allowed", each, budget)
	}
}

// single is an entry whose subject has no other.
func single(n int) consent.Entry {
	e := storetest.Entry("shop", n)
	e.Subject = storetest.Subject("shop", n)
	return e
}

func usedMemory(t *testing.T, s *Store) int64 {
	t.Helper()
	fields, err := s.client.InfoMap(t.Context(), "memory").Result()
	if err != nil {
		t.Fatal(err)
	}
	return number(t, fields["Memory"]["used_memory"])
}
