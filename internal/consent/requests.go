package consent

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"time"
)

// Requests reads what visitors asked for from the log. What it has read it keeps,
// since notes in the log never change. It is safe for concurrent use, and its
// zero value with a Store is ready.
type Requests struct {
	Store interface {
		Artefact(ctx context.Context, site, digest string) (Artefact, error)
		Artefacts(ctx context.Context, site, kind string) ([]Artefact, error)
	}

	mu    sync.Mutex
	asked map[string]VisitorRequest // by site and digest
	done  map[string]Settlement     // by site and digest
}

// List returns a site's requests in the order in which they came. Of two about
// the same record and of one kind, sent at once, the first stands for both, see
// Asked.Stands, and so does the first settlement.
func (q *Requests) List(ctx context.Context, site string) ([]Asked, error) {
	requests, err := notes(ctx, q, &q.asked, site, requestKind, "consentry.request/1")
	if err != nil {
		return nil, err
	}
	settlements, err := notes(ctx, q, &q.done, site, settlementKind, "consentry.settlement/1")
	if err != nil {
		return nil, err
	}
	settled := make(map[string]*Settlement, len(settlements))
	for i := range settlements {
		s := &settlements[i].note
		if settled[s.Request] == nil {
			settled[s.Request] = s
		}
	}
	type about struct {
		entry int64
		kind  string
	}
	last := make(map[about]Asked, len(requests))
	var list []Asked
	for _, r := range requests {
		key := about{r.note.Entry, r.note.Kind}
		if before, seen := last[key]; !seen || !before.Stands(r.note) {
			last[key] = Asked{VisitorRequest: r.note, Digest: r.digest, Settled: settled[r.digest]}
			list = append(list, last[key])
		}
	}
	return list, nil
}

// SettleErased settles as done, in store, what visitors asked for and a legal hold
// forbade, once the records are erased. Like the erasure it goes to its end,
// whatever becomes of ctx. Errors: those of the store.
func (q *Requests) SettleErased(ctx context.Context, store Store, site string, erased []Stored, now time.Time) error {
	ctx = context.WithoutCancel(ctx)
	list, err := q.List(ctx, site)
	if err != nil {
		return err
	}
	for _, a := range list {
		if a.Kind != ErasureAsked || !a.Waits() || !slices.ContainsFunc(erased, func(e Stored) bool { return e.Index == a.Entry }) {
			continue
		}
		note, err := Settlement{Site: site, Request: a.Digest, Done: true, At: At(now)}.Artefact()
		if err == nil {
			err = store.PutArtefact(ctx, site, note)
		}
		if err != nil {
			return fmt.Errorf("settle the request for erasure: %w", err)
		}
	}
	return nil
}

type digested[T any] struct {
	note   T
	digest string
}

func notes[T any](ctx context.Context, q *Requests, known *map[string]T, site, kind, schema string) ([]digested[T], error) {
	listed, err := q.Store.Artefacts(ctx, site, kind)
	if err != nil {
		return nil, fmt.Errorf("list visitors' requests: %w", err)
	}
	list := make([]digested[T], 0, len(listed))
	for _, item := range listed {
		key := site + "/" + item.Digest
		q.mu.Lock()
		note, ok := (*known)[key]
		q.mu.Unlock()
		if !ok {
			stored, err := q.Store.Artefact(ctx, site, item.Digest)
			if err == nil {
				note, err = readNote[T](schema, stored.Body)
			}
			if err != nil {
				return nil, fmt.Errorf("read a visitor's request: %w", err)
			}
			q.mu.Lock()
			if *known == nil {
				*known = make(map[string]T)
			}
			(*known)[key] = note
			q.mu.Unlock()
		}
		list = append(list, digested[T]{note, item.Digest})
	}
	return list, nil
}

// Backlog is what of a site's requests waits for an answer.
type Backlog struct {
	Site    string
	Waiting int
	Overdue int
	Due     time.Time // of the oldest that waits; zero without any
}

// BacklogOf sums a site's requests up.
func BacklogOf(site string, list []Asked, now time.Time) Backlog {
	b := Backlog{Site: site}
	for _, a := range list {
		if !a.Waits() {
			continue
		}
		b.Waiting++
		if due := a.Due(); b.Due.IsZero() || due.Before(b.Due) {
			b.Due = due
		}
		if now.After(a.Due()) {
			b.Overdue++
		}
	}
	return b
}
