package consent

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"slices"
	"time"
)

// ErrDiffers is a copy that is not what it was made from.
var ErrDiffers = errors.New("the stores differ")

// Compare reads a site in two stores and returns the first difference, as
// ErrDiffers: between leaves, records, artefacts, erasures, counters before the
// time until, or checkpoints.
func Compare(ctx context.Context, a, b Store, site string, until time.Time, progress func(done, total int64)) error {
	head, err := a.Head(ctx, site)
	if err != nil {
		return err
	}
	for at := int64(0); ; {
		progress(at, head.Size)
		one, err := logPage(ctx, a, site, at)
		if err != nil {
			return err
		}
		two, err := logPage(ctx, b, site, at)
		if err != nil {
			return err
		}
		if err := comparePages(ctx, a, b, site, at, one, two); err != nil {
			return err
		}
		if len(one) == 0 {
			break
		}
		at += int64(len(one))
	}
	if err := compareRest(ctx, a, b, site); err != nil {
		return err
	}
	return eachSpan(until, func(read spanReader) error {
		all, err := read(ctx, a, site)
		if err != nil {
			return err
		}
		return settled(ctx, b, site, read, all)
	})
}

func comparePages(ctx context.Context, a, b Store, site string, at int64, one, two []LogEntry) error {
	for i := range max(len(one), len(two)) {
		if i >= len(one) || i >= len(two) || !sameEntry(one[i], two[i]) {
			return fmt.Errorf("%w: entry %d of the log", ErrDiffers, at+int64(i))
		}
		if one[i].Kind == "" {
			continue
		}
		x, err := a.Artefact(ctx, site, one[i].Digest)
		if err != nil {
			return err
		}
		y, err := b.Artefact(ctx, site, one[i].Digest)
		if err != nil {
			return err
		}
		if x.Kind != y.Kind || !x.Time.Equal(y.Time) || x.Leaf != y.Leaf || !bytes.Equal(x.Body, y.Body) {
			return fmt.Errorf("%w: artefact %s", ErrDiffers, x.Digest)
		}
	}
	return nil
}

func sameEntry(a, b LogEntry) bool {
	x, y := a.Record, b.Record
	return a.Index == b.Index && a.Leaf == b.Leaf && a.Kind == b.Kind && a.Digest == b.Digest &&
		x.Record == y.Record && x.Subject == y.Subject && x.Secret == y.Secret && x.Receipt == y.Receipt &&
		x.Leaf == y.Leaf && x.Time.Equal(y.Time) && x.Erased == y.Erased && bytes.Equal(x.Sealed, y.Sealed)
}

// compareRest compares erasures and checkpoints.
func compareRest(ctx context.Context, a, b Store, site string) error {
	var one, two []Erasure
	for s, list := range map[Store]*[]Erasure{a: &one, b: &two} {
		err := s.Erasures(ctx, site, 0, func(_ int64, e Erasure) bool { *list = append(*list, e); return true })
		if err != nil {
			return err
		}
	}
	if !slices.EqualFunc(one, two, func(x, y Erasure) bool { return x.Record == y.Record && x.Time.Equal(y.Time) }) {
		return fmt.Errorf("%w: erasures", ErrDiffers)
	}
	x, err := a.Checkpoint(ctx, site)
	if err != nil {
		return err
	}
	y, err := b.Checkpoint(ctx, site)
	if err == nil && !bytes.Equal(x, y) {
		err = fmt.Errorf("%w: checkpoints", ErrDiffers)
	}
	return err
}
