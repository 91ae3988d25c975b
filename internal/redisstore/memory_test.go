package redisstore

import (
	"testing"

	"github.com/consentry/consentry/internal/consent"
	"github.com/consentry/consentry/internal/storetest"
)

// A record of a subject of its own takes at most 400 bytes of Redis' memory: log,
// indexes, secret and what Redis adds.
func TestRecordTakesAtMost400BytesOfMemory(t *testing.T) {
	const records, budget = 100_000, 400
	server := storetest.StartRedis(t)
	s := opened(t, server.URL(), patient())
	storetest.MustAppend(t, s, single(0)) // connections and script are there now
	before := usedMemory(t, s)
	list := make([]consent.Entry, records)
	for n := range list {
		list[n] = single(n + 1)
	}
	storetest.AppendAll(t, s, 64, list)
	each := float64(usedMemory(t, s)-before) / records
	t.Logf("%.0f bytes a record", each)
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
