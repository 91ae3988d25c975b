package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/spf13/cobra"

	"github.com/consentry/consentry/internal/consent"
)

// errNotImported is a visitor of whom nothing was taken over.
var errNotImported = errors.New("no record of this visitor was imported, or all are erased; give what the file of the import has under visitor, letter by letter")

func importedFlag(cmd *cobra.Command) *string {
	return cmd.Flags().String("imported", "", "what another tool called the visitor whose decisions were imported; - reads it from standard input")
}

// importedVisitor reads what --imported was given.
func importedVisitor(env environment, given string) (string, error) {
	if given != "-" {
		return given, nil
	}
	text, err := io.ReadAll(io.LimitReader(env.stdin, 1<<12))
	if err != nil {
		return "", err
	}
	visitor := strings.TrimRight(string(text), "\r\n")
	if visitor == "" {
		return "", usagef("--imported: standard input names no visitor")
	}
	return visitor, nil
}

// importedOf returns the entries of a log about an imported visitor, oldest first.
func importedOf(ctx context.Context, store consent.Store, ring *consent.Keyring, log, visitor string) ([]consent.Stored, error) {
	site, _ := consent.LogOf(log)
	keys, err := consent.DeriveIdentityKeys(ring.Root, site)
	if err != nil {
		return nil, err
	}
	list, err := store.History(ctx, log, consent.ForeignSubject(site, visitor, keys))
	if err != nil {
		return nil, fmt.Errorf("site %s: %w", log, err)
	}
	return list, nil
}

// heldImported lists what is held of an imported visitor in one site, or in all.
func (b *workbench) heldImported(ctx context.Context, visitor, only string) (held []heldOf, err error) {
	sites, err := b.sites(ctx, only)
	if err != nil {
		return nil, err
	}
	for _, site := range sites {
		list, err := importedOf(ctx, b.whole, b.ring, site.ID, visitor)
		if err != nil {
			return nil, err
		}
		if len(list) > 0 {
			held = append(held, heldOf{site, unerased(list)})
		}
	}
	if len(held) == 0 {
		return nil, errNotImported
	}
	return held, nil
}

// addImported chooses the records of an imported visitor.
func (c *choice) addImported(ctx context.Context, d *logDesk, logs []*consent.Site, visitor string) error {
	if c.ids == nil {
		c.ids = make(map[consent.ID]bool)
	}
	known := len(c.ids)
	for _, log := range logs {
		list, err := importedOf(ctx, d.store, d.ring, log.ID, visitor)
		if err != nil {
			return err
		}
		for _, e := range unerased(list) {
			c.ids[e.Record] = true
		}
	}
	if len(c.ids) == known {
		return errNotImported
	}
	return nil
}
