package main

import (
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"github.com/consentry/consentry/internal/consent"
)

// recordLong says how commands about one record are told which.
const recordLong = `RECORD is a consent id (22 letters, as a visitor finds it under the preferences
and on a receipt) or a receipt link. All sites are searched unless --site says
which.`

// namedRecord reads what a command was given: a consent id, or a receipt link or
// its token, of which the first half is the id.
func namedRecord(text string) (consent.ID, error) {
	text = strings.TrimRight(strings.TrimPrefix(text, "'"), "/") // an export puts it before a hyphen
	if id, err := consent.ParseID(text); err == nil {
		return id, nil
	}
	token := text[strings.LastIndexByte(text, '/')+1:]
	if raw, err := base64.RawURLEncoding.Strict().DecodeString(token); err == nil && len(raw) == 48 {
		return consent.ID(raw[:16]), nil
	}
	return consent.ID{}, usagef("%q is neither a consent id of 22 letters nor a receipt link", text)
}

// foundRecord is one stored record and what it was made under.
type foundRecord struct {
	site   *consent.Site
	stored consent.Stored
	record *consent.Record
	frame  *consent.Frame
}

// find looks a record up in one site, or in all of them when only is empty.
func (d *logDesk) find(ctx context.Context, id consent.ID, only string) (foundRecord, error) {
	sites, err := d.sites(ctx, only)
	if err != nil {
		return foundRecord{}, err
	}
	for _, site := range sites {
		stored, err := d.store.Record(ctx, site.ID, id)
		if errors.Is(err, consent.ErrNotFound) {
			continue
		}
		if err != nil {
			return foundRecord{}, fmt.Errorf("site %s: %w", site.ID, err)
		}
		return d.opened(ctx, site, stored)
	}
	return foundRecord{}, fmt.Errorf("no record %s is held; a mistyped id and one that was never given look alike", id)
}

func (d *logDesk) opened(ctx context.Context, site *consent.Site, stored consent.Stored) (f foundRecord, err error) {
	reader := consent.Reader{Store: d.store}
	f = foundRecord{site: site, stored: stored}
	if f.record, f.frame, err = reader.Open(ctx, stored); err != nil {
		return foundRecord{}, fmt.Errorf("site %s, record %s: %w", site.ID, stored.Record, err)
	}
	return f, nil
}

// onRecord makes a command that does something with one record.
func onRecord(env environment, cmd *cobra.Command, act func(ctx context.Context, d *logDesk, f foundRecord) error) *cobra.Command {
	cmd.GroupID, cmd.Args = groupLookAfter, cobra.ExactArgs(1)
	cmd.Long += "\n\n" + recordLong
	site := cmd.Flags().String("site", "", "the record's site")
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		id, err := namedRecord(args[0])
		if err != nil {
			return err
		}
		d, err := openDesk(cmd.Context(), env, configDir(cmd))
		if err != nil {
			return err
		}
		defer d.close()
		f, err := d.find(cmd.Context(), id, *site)
		if err != nil {
			return err
		}
		return act(cmd.Context(), d, f)
	}
	return cmd
}
