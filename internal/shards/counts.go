package shards

import (
	"cmp"
	"context"
	"slices"
	"strings"
	"time"

	"github.com/consentry/consentry/internal/consent"
)

// AddCounts implements consent.Store. The logs take turns.
func (s *Store) AddCounts(ctx context.Context, site string, counts []consent.Count) error {
	l, err := s.layout(ctx, site)
	if err != nil {
		return err
	}
	return s.Store.AddCounts(ctx, consent.LogName(site, int(s.turn.Add(1)%uint64(l.most()))), counts)
}

// Counts implements consent.Store.
func (s *Store) Counts(ctx context.Context, site string, from, to time.Time) ([]consent.Count, error) {
	l, err := s.layout(ctx, site)
	if err != nil {
		return nil, err
	}
	lists := make([][]consent.Count, l.most())
	if err := each(len(lists), func(n int) (err error) {
		lists[n], err = s.Store.Counts(ctx, consent.LogName(site, n), from, to)
		return err
	}); err != nil {
		return nil, err
	}
	if len(lists) == 1 {
		return lists[0], nil
	}
	all := slices.Concat(lists...)
	slices.SortFunc(all, func(a, b consent.Count) int { return cmp.Or(a.Hour.Compare(b.Hour), strings.Compare(a.Key, b.Key)) })
	return sum(all), nil
}

// sum adds counters of the same hour or day and key, which follow each other.
func sum(sorted []consent.Count) (list []consent.Count) {
	for _, c := range sorted {
		if last := len(list) - 1; last >= 0 && list[last].Hour.Equal(c.Hour) && list[last].Day == c.Day && list[last].Key == c.Key {
			list[last].N += c.N
			continue
		}
		list = append(list, c)
	}
	return list
}

// Days implements consent.Store.
func (s *Store) Days(ctx context.Context, site string, from, to consent.Date, names ...string) (consent.Sheet, error) {
	l, err := s.layout(ctx, site)
	if err != nil {
		return consent.Sheet{}, err
	}
	sheets := make([]consent.Sheet, l.most())
	if err := each(len(sheets), func(n int) (err error) {
		sheets[n], err = s.Store.Days(ctx, consent.LogName(site, n), from, to, names...)
		return err
	}); err != nil {
		return consent.Sheet{}, err
	}
	if len(sheets) == 1 {
		return sheets[0], nil
	}
	var all []consent.Count
	for _, sheet := range sheets {
		all = append(all, sheet.Counts()...)
	}
	slices.SortFunc(all, func(a, b consent.Count) int { return cmp.Or(cmp.Compare(a.Day, b.Day), strings.Compare(a.Key, b.Key)) })
	return consent.SheetOf(sum(all)), nil
}
