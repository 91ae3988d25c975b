package storetest

import (
	"context"
	"testing"

	"github.com/consentry/consentry/internal/consent"
)

// filedIsTold wants told how every entry is found, once, whatever became of it: by its
// record's id, and by its subject's unless that is not known any more.
func filedIsTold(t *testing.T, s consent.Store) {
	const records = 200
	AppendAll(t, s, 1, entries("shop", 0, records))
	mustPut(t, s, "shop", Artefact("gate", 1))
	nobodys := Entry("shop", records)
	nobodys.Subject = consent.ID{}
	MustAppend(t, s, nobodys)
	mustErase(t, s, "shop", Epoch(), 5, 160, 5000)
	AppendAll(t, s, 1, entries("shop", records+1, records+20))
	MustAppend(t, s, Entry("other", 1))
	mustPrune(t, s, "shop", func(n int) bool { return n < 101 || n == 150 }, records)

	want := make(map[consent.Filing]bool)
	for _, e := range ReadLog(t, s, "shop", 0) {
		if e.Kind == "" {
			want[consent.Filing{ID: e.Record.Record, Index: e.Index}] = true
		}
		if e.Kind == "" && e.Record.Subject != (consent.ID{}) {
			want[consent.Filing{ID: e.Record.Subject, Subject: true, Index: e.Index}] = true
		}
	}
	if len(want) < 300 {
		t.Fatalf("only %d ways lead to entries", len(want))
	}
	err := s.Filed(t.Context(), "shop", func(f consent.Filing) bool {
		if !want[f] {
			t.Errorf("told %+v, which is not so or was told before", f)
		}
		delete(want, f)
		return true
	})
	if err != nil || len(want) > 0 {
		t.Errorf("%d ways are not told: %v", len(want), err)
	}
	told := 0
	err = s.Filed(t.Context(), "shop", func(consent.Filing) bool { told++; return told < 3 })
	if err != nil || told != 3 {
		t.Errorf("told %d ways after the third was enough: %v", told, err)
	}
	if err := s.Filed(t.Context(), "unknown", func(consent.Filing) bool { t.Error("an unknown site has entries"); return true }); err != nil {
		t.Errorf("an unknown site: %v", err)
	}
}

// Filed tells it of each log under the log's own name, and of the site by the order.
func (f *flat) Filed(ctx context.Context, site string, yield func(consent.Filing) bool) error {
	if _, err := f.look(ctx, site); err != nil {
		return err
	}
	for n, more := 0, true; n < f.logs && more; n++ {
		err := f.Spread.Filed(ctx, consent.LogName(site, n), func(one consent.Filing) bool {
			if at, ok := f.placed(consent.Stored{Entry: consent.Entry{Site: site}, Index: consent.PlaceIn(n, one.Index)}); ok {
				one.Index = at
			}
			more = yield(one)
			return more
		})
		if err != nil {
			return err
		}
	}
	return nil
}
