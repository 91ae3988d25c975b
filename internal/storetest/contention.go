package storetest

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"sync"
	"testing"
	"time"

	"github.com/consentry/consentry/internal/consent"
)

func manyWriters(t *testing.T, s consent.Store) {
	const writers, each = 64, 40
	sites := []string{"alpha", "beta", "gamma"}
	var all []consent.Entry
	for n := range writers * each {
		all = append(all, Entry(sites[n%len(sites)], n))
	}
	stored := AppendAll(t, s, writers, all)
	taken := make(map[string]bool)
	for i, got := range stored {
		same(t, "answer", got, want(all[i], got.Index))
		place := fmt.Sprint(got.Site, got.Index)
		if taken[place] {
			t.Fatalf("index %d of %s was given twice", got.Index, got.Site)
		}
		taken[place] = true
	}
	total := 0
	for _, site := range sites {
		for _, e := range ReadLog(t, s, site, 0) {
			same(t, "record", mustRecord(t, s, site, e.Record.Record), e.Record)
			total++
		}
	}
	if total != len(all) {
		t.Errorf("logs hold %d entries, want %d", total, len(all))
	}
}

func endedContext(t *testing.T, s consent.Store) {
	MustAppend(t, s, Entry("shop", 0))
	mustPut(t, s, "shop", Artefact("gate", 0))
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	for name, call := range map[string]func() error{
		"append":       func() error { _, _, err := s.Append(ctx, Entry("shop", 1)); return err },
		"record":       func() error { _, err := s.Record(ctx, "shop", Entry("shop", 0).Record); return err },
		"history":      func() error { _, err := s.History(ctx, "shop", Subject("shop", 0)); return err },
		"log":          func() error { return s.Log(ctx, "shop", 0, func(consent.LogEntry) bool { return true }) },
		"put artefact": func() error { return s.PutArtefact(ctx, "shop", Artefact("gate", 1)) },
		"artefact":     func() error { _, err := s.Artefact(ctx, "shop", Artefact("gate", 0).Digest); return err },
		"artefacts":    func() error { _, err := s.Artefacts(ctx, "shop", "gate"); return err },
		"erase":        func() error { return s.Erase(ctx, "shop", []consent.Erasure{{}}) },
		"prune":        func() error { return s.Prune(ctx, "shop", []consent.ID{{1}}) },
		"erasures": func() error {
			return s.Erasures(ctx, "shop", 0, func(int64, consent.Erasure) bool { return true })
		},
		"head":       func() error { _, err := s.Head(ctx, "shop"); return err },
		"leaves":     func() error { _, err := s.Leaves(ctx, "shop", 0, 1); return err },
		"sites":      func() error { _, err := s.Sites(ctx); return err },
		"checkpoint": func() error { _, err := s.Checkpoint(ctx, "shop"); return err },
		"swap":       func() error { return s.SwapCheckpoint(ctx, "shop", nil, []byte("next")) },
		"put tile":   func() error { return s.PutTile(ctx, "shop", "tile/1/000", nil) },
		"tile":       func() error { _, err := s.Tile(ctx, "shop", "tile/1/000"); return err },
		"import":     func() error { return s.Import(ctx, "shop", []consent.Stored{want(Entry("shop", 1), 2)}) },
		"counts":     func() error { _, err := s.Counts(ctx, "shop", Epoch(), Epoch().Add(time.Hour)); return err },
	} {
		if err := call(); !errors.Is(err, context.Canceled) {
			t.Errorf("%s under an ended context: %v, want context.Canceled", name, err)
		}
	}
}

func abandonedAppends(t *testing.T, s consent.Store) {
	const writers, each = 16, 40
	var wg sync.WaitGroup
	for w := range writers {
		wg.Go(func() {
			for i := range each {
				ctx, cancel := context.WithTimeout(t.Context(), time.Duration(rand.IntN(2000))*time.Microsecond)
				_, _, err := s.Append(ctx, Entry("shop", w*each+i))
				if err != nil && !errors.Is(err, context.DeadlineExceeded) {
					t.Errorf("append: %v, want nothing or the context's error", err)
				}
				cancel()
			}
		})
	}
	wg.Wait()
	AppendAll(t, s, writers, entries("shop", 0, writers*each))
	log := ReadLog(t, s, "shop", 0)
	if len(log) != writers*each {
		t.Errorf("log has %d entries after all were sent again, want %d", len(log), writers*each)
	}
	var total int64
	for _, c := range allCounts(t, s, "shop") {
		total += c.N
	}
	if total != 3*writers*each {
		t.Errorf("counters add up to %d, want %d", total, 3*writers*each)
	}
}

func healthIsNamed(t *testing.T, s consent.Store) {
	d, err := s.Health(t.Context())
	if err != nil {
		t.Fatalf("health of a new store: %v", err)
	}
	switch d {
	case consent.Durable, consent.EverySec, consent.Volatile, consent.Unstated:
	default:
		t.Errorf("health %q is no durability", d)
	}
}

func closedStore(t *testing.T, s consent.Store) {
	MustAppend(t, s, Entry("shop", 0))
	if err := s.Close(); err != nil {
		t.Fatalf("close: %v", err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	defer cancel()
	for name, call := range map[string]func() error{
		"append":       func() error { _, _, err := s.Append(ctx, Entry("shop", 1)); return err },
		"put artefact": func() error { return s.PutArtefact(ctx, "shop", Artefact("gate", 1)) },
		"record":       func() error { _, err := s.Record(ctx, "shop", Entry("shop", 0).Record); return err },
		"erase":        func() error { return s.Erase(ctx, "shop", []consent.Erasure{{}}) },
		"swap":         func() error { return s.SwapCheckpoint(ctx, "shop", nil, []byte("next")) },
		"head":         func() error { _, err := s.Head(ctx, "shop"); return err },
	} {
		if err := call(); !errors.Is(err, consent.ErrUnavailable) {
			t.Errorf("%s on a closed store: %v, want ErrUnavailable", name, err)
		}
	}
	if _, err := s.Health(ctx); err == nil {
		t.Error("a closed store says that it is healthy")
	}
}
