package main

import (
	"context"
	"crypto/sha256"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"sync"
	"testing"
	"time"

	"github.com/consentry/consentry/internal/consent"
	"github.com/consentry/consentry/internal/redisstore"
	"github.com/consentry/consentry/internal/sqlitestore"
	"github.com/consentry/consentry/internal/storetest"
)

// What large installations are promised is shown at full size by make scale, which
// sets these. Ordinary runs assert the same of less.
const (
	scaleDecisions = "CONSENTRY_SCALE"        // that are made, or records that are verified
	scaleExport    = "CONSENTRY_SCALE_EXPORT" // records that are exported; on Redis at most the former
)

// scaleTime ends what does not come to an end by itself, before the test's own
// timeout would leave processes and files behind.
func scaleTime(t testing.TB, n int) context.Context {
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute+time.Duration(n)*2*time.Millisecond)
	t.Cleanup(cancel)
	return ctx
}

// scaleStores are installations on either store, and what opens their stores while
// no server runs.
func scaleStores() map[string]func(t testing.TB) (dir string, open func() consent.Store) {
	kept := func(t testing.TB, s consent.Store, err error) consent.Store {
		if err != nil {
			t.Fatal(err)
		}
		return s
	}
	return map[string]func(t testing.TB) (string, func() consent.Store){
		"embedded": func(t testing.TB) (string, func() consent.Store) {
			dir := newShop(t, "https://shop.example", anyPorts)
			return dir, func() consent.Store {
				s, err := sqlitestore.Open(filepath.Join(dir, "data", "consentry.db"), sqlitestore.Options{})
				return kept(t, s, err)
			}
		},
		"Redis": func(t testing.TB) (string, func() consent.Store) {
			redis := storetest.StartRedis(t, "--appendonly", "yes", "--appendfsync", "everysec")
			return newShop(t, "https://shop.example", everySecond(redis)), func() consent.Store {
				s, err := redisstore.Open(t.Context(), redis.URL(), redisstore.Options{Timeout: patience, Wait: patience})
				return kept(t, s, err)
			}
		},
	}
}

func everySecond(redis *storetest.Redis) string {
	return anyPorts + "store: " + redis.URL() + "\nrequire: everysec\n"
}

// filler writes records into the log of a shop as further visitors would have: each
// is what the server kept of one of its first ones, under another visitor's ids,
// sealed with that one's secret.
type filler struct {
	models []consent.Record
	frame  *consent.Frame
	digest string
	keys   consent.IdentityKeys
}

// newFiller lets two visitors decide and takes their records as its models. The
// server is stopped.
func newFiller(t testing.TB, dir string, open func() consent.Store) *filler {
	t.Helper()
	p := start(t, dir)
	p.decide("accept-all")
	p.decide("reject-all")
	p.stop()
	ring, err := readKeyring(filepath.Join(dir, "keys.json"))
	if err != nil {
		t.Fatal(err)
	}
	f := new(filler)
	if f.keys, err = consent.DeriveIdentityKeys(ring.Root, "shop"); err != nil {
		t.Fatal(err)
	}
	store := open()
	defer store.Close()
	reader := consent.Reader{Store: store}
	err = store.Log(t.Context(), "shop", 0, func(e consent.LogEntry) bool {
		if e.Kind == "" {
			r, frame, err := reader.Open(t.Context(), e.Record)
			if err != nil {
				t.Error(err)
				return false
			}
			f.models, f.frame = append(f.models, *r), frame
		}
		return true
	})
	if err != nil || len(f.models) != 2 {
		t.Fatalf("%d records to begin with, %v", len(f.models), err)
	}
	body, err := f.frame.Encode()
	if err != nil {
		t.Fatal(err)
	}
	f.digest = consent.Digest(body)
	return f
}

// entry is the n-th further visitor's.
func (f *filler) entry(n int) (e consent.Stored, err error) {
	sum := sha256.Sum256(fmt.Append(nil, "visitor ", n))
	visitor := consent.ID(sum[:16])
	r := f.models[n%len(f.models)]
	r.ID, r.Subject = f.keys.Record(visitor), f.keys.Subject(f.keys.Visitor(visitor))
	token := f.keys.Receipt(r.ID)
	receipt := sha256.Sum256(token[:])
	e.Entry = consent.Entry{Site: "shop", Record: r.ID, Subject: r.Subject, Secret: f.keys.Secret(visitor), Receipt: [16]byte(receipt[:16]), Time: r.Time.Time}
	e.Sealed, e.Leaf, err = consent.SealRecord(&r, f.frame, f.digest, e.Secret)
	return e, err
}

// fill writes the records of the visitors from on, up to to, in groups.
func (f *filler) fill(t testing.TB, store consent.Store, from, to int) {
	t.Helper()
	const group = 4000
	ctx, begun := scaleTime(t, to-from), time.Now()
	head, err := store.Head(ctx, "shop")
	if err != nil {
		t.Fatal(err)
	}
	progress := environment{stderr: os.Stderr, now: time.Now}.progress("writing", "records")
	for n := from; n < to; n += group {
		list := f.group(t, n, min(n+group, to), head.Size-int64(from))
		if err := store.Import(ctx, "shop", list); err != nil {
			t.Fatal(err)
		}
		progress(int64(n), int64(to))
	}
	t.Logf("%d records written, %.0f a second", to-from, float64(to-from)/time.Since(begun).Seconds())
}

// group seals some visitors' records, which begin in the log ahead of their numbers.
func (f *filler) group(t testing.TB, from, to int, ahead int64) []consent.Stored {
	list := make([]consent.Stored, to-from)
	var wait sync.WaitGroup
	sealers := runtime.GOMAXPROCS(0)
	for sealer := range sealers {
		wait.Go(func() {
			for i := sealer; i < len(list); i += sealers {
				var err error
				if list[i], err = f.entry(from + i); err != nil {
					t.Error(err)
				}
				list[i].Index = ahead + int64(from+i)
			}
		})
	}
	wait.Wait()
	return list
}
