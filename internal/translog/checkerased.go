package translog

import (
	"context"
	"fmt"

	"github.com/consentry/consentry/internal/consent"
)

// gone is what tells of records without a secret, of which nothing can be derived:
// the store's list of erasures, and the log's own notes of erasures and purges.
type gone struct {
	listed map[consent.ID]bool
	read   int64 // how far the list was read
	noted  consent.Noted
	purged consent.Purged
}

// readListed reads on in the store's list of erasures.
func (c *check) readListed(ctx context.Context) error {
	err := c.Store.Erasures(ctx, c.Site, c.gone.read, func(at int64, e consent.Erasure) bool {
		c.gone.listed[e.Record], c.gone.read = true, at+1
		return true
	})
	if err != nil {
		return fmt.Errorf("read erasures: %w", err)
	}
	return nil
}

func (c *check) readNotes(ctx context.Context) (err error) {
	if err := c.gone.noted.Read(ctx, c.Store, c.Site); err != nil {
		return err
	}
	c.gone.purged, err = consent.ReadPurged(ctx, c.Store, c.Site)
	return err
}

// tells reports whether there is a word of an erased entry.
func (g *gone) tells(e consent.LogEntry) bool {
	noted, _ := g.noted.Has(e.Index)
	return noted || g.listed[e.Record.Record] || g.purged.Has(e.Index)
}

// addErased counts an erased entry, of which something must tell: an erasure is
// listed with it, and a purge is noted before it. One may have been made while the
// log was read, so that what is not told is asked for again.
func (c *check) addErased(ctx context.Context, e consent.LogEntry) error {
	c.Report.Erased++
	for _, again := range []func(context.Context) error{c.readListed, c.readNotes} {
		if c.gone.tells(e) {
			break
		}
		if err := again(ctx); err != nil {
			return err
		}
	}
	if !c.gone.tells(e) {
		return differ(e.Index, "entry", "the record's secret is gone, and neither an erasure nor a purge of it is listed: "+
			"it was deleted or damaged by other means than this program's, and nobody can read or prove the record any more. If that was not meant, restore a backup that still has it")
	}
	purged := c.gone.purged.Has(e.Index)
	if purged && !c.gone.listed[e.Record.Record] {
		c.Report.Purged++
	}
	c.countNoted(e.Index, purged)
	return nil
}

// countNoted counts erasures that the log does not tell of, or told of only later.
func (c *check) countNoted(index int64, purged bool) {
	switch noted, afterwards := c.gone.noted.Has(index); {
	case afterwards:
		c.Report.Afterwards++
	case !noted && !purged:
		c.Report.Unnoted++
	}
}
