package main

import (
	"context"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/consentry/consentry/internal/consent"
)

const eraseLong = `Erases what is held of one visitor, for good: every record of the person whom
RECORD names, or with --only that one. Their secrets are deleted, and the bytes of
the store's files that held them are overwritten before this command ends. The log
keeps the leaves, which say nothing any more, and still verifies; it notes the
places of what was erased, never whose it was.

Without --yes it only says what it would erase.

RECORD is a consent id (22 letters, as a visitor finds it under the preferences
and on a receipt) or a receipt link, whose secret half must be the right one. All
sites are searched unless --site says which.

Whose decisions "consentry import" has taken over has neither: --imported VISITOR
names them by what the other tool called them, in all sites or the one of --site;
- is read from standard input, since a name would stand in the list of processes.
Without --yes it lists the consent ids, which "consentry reproduce" and the
dashboard take; "consentry prove --imported" writes the proofs, and "consentry
bundle --imported" all of it in one archive.

It refuses while the site's file has a legal_hold, with the reason. A visitor who
asked meanwhile waits under /admin/requests, and this settles it. Visitors can
erase by their receipt link themselves. Backups still have what was in the store:
"consentry restore" erases it again from data/erasures.log.

` + besideLong

// eraseTask erases a record, or all of its visitor.
type eraseTask struct {
	Record   consent.ID
	Token    []byte // second half of a receipt link; nil: a consent id was given
	Imported string // what another tool called the visitor; empty: Record counts
	Site     string
	Only     bool
	Yes      bool
}

func newErase(env environment) *cobra.Command {
	cmd := &cobra.Command{
		Use: "erase RECORD", Short: "Erase what is held of one visitor, for good", Long: eraseLong, GroupID: groupLookAfter, Args: cobra.MaximumNArgs(1),
	}
	var t eraseTask
	f := cmd.Flags()
	f.StringVar(&t.Site, "site", "", "the record's site")
	f.BoolVar(&t.Only, "only", false, "this record alone, not the visitor's others")
	f.BoolVar(&t.Yes, "yes", false, "do it")
	imported := importedFlag(cmd)
	cmd.RunE = func(cmd *cobra.Command, args []string) (err error) {
		switch t.Imported, err = importedVisitor(env, *imported); {
		case err != nil:
			return err
		case (t.Imported != "") == (len(args) == 1):
			return usagef("name whose records are to go: RECORD, or --imported VISITOR")
		case t.Imported != "" && t.Only:
			return usagef("--only needs the consent id of that record; without --yes all of them are listed")
		case t.Imported == "":
			if t.Record, err = namedRecord(args[0]); err != nil {
				return err
			}
			t.Token = tokenOf(args[0])
		}
		return operate(cmd, env, "erase", &t)
	}
	return cmd
}

// tokenOf returns the secret half of a receipt link, nil for a consent id.
func tokenOf(text string) []byte {
	text = strings.TrimRight(text, "/")
	raw, err := base64.RawURLEncoding.Strict().DecodeString(text[strings.LastIndexByte(text, '/')+1:])
	if err != nil || len(raw) != 48 {
		return nil
	}
	return raw[16:]
}

func (t *eraseTask) run(ctx context.Context, b *workbench) error {
	if _, err := b.store.Head(ctx, ""); err != nil {
		return err // a store that is away may show a part of what is held
	}
	held, err := t.held(ctx, b)
	if err != nil {
		return err
	}
	count, hold := int64(0), error(nil)
	for _, h := range held {
		for _, e := range h.entries {
			b.say("site %s, record %s of %s", h.site.ID, e.Record, e.Time.UTC().Format(time.DateTime+" MST"))
		}
		count += int64(len(h.entries))
		if h.site.LegalHold != "" && len(h.entries) > 0 {
			hold = fmt.Errorf("the records of site %s are under a legal hold, and nothing was erased: %s", h.site.ID, h.site.LegalHold)
		}
	}
	switch {
	case count == 0:
		b.say("all that was held under it is erased already")
		return nil
	case hold != nil:
		return hold
	case !t.Yes:
		b.say("%s would be erased for good; to do it add --yes", counted64(count, "record", "records"))
		return nil
	}
	return b.erase(ctx, held, count)
}

// erase erases for good, and from the store's files.
func (b *workbench) erase(ctx context.Context, held []heldOf, count int64) error {
	var noteErr error
	for _, h := range held {
		err := consent.EraseNoted(ctx, b.whole, h.site.ID, h.entries, b.env.now())
		if err != nil && !errors.Is(err, consent.ErrUnnoted) {
			return errors.Join(noteErr, err)
		}
		noteErr = errors.Join(noteErr, err)
		asked := consent.Requests{Store: b.whole}
		if err := asked.SettleErased(ctx, b.whole, h.site.ID, h.entries, b.env.now()); err != nil {
			noteErr = errors.Join(noteErr, fmt.Errorf("the records are erased; settle what their visitor asked for under /admin/requests: %w", err))
		}
	}
	b.say("%s erased", counted64(count, "record", "records"))
	if err := b.store.Scrub(ctx); err != nil {
		return errors.Join(noteErr, fmt.Errorf("the secrets are deleted, and old copies of them may still stand in the store's files; the store overwrites them by itself: %w", err))
	}
	return noteErr
}

// heldOf is what a site holds of one visitor and is not erased, oldest first.
type heldOf struct {
	site    *consent.Site
	entries []consent.Stored
}

// held lists what is to be erased.
func (t *eraseTask) held(ctx context.Context, b *workbench) ([]heldOf, error) {
	if t.Imported != "" {
		return b.heldImported(ctx, t.Imported, t.Site)
	}
	site, named, err := t.find(ctx, b)
	if err != nil {
		return nil, err
	}
	due, err := t.due(ctx, b, site.ID, named)
	return []heldOf{{site, due}}, err
}

// find looks the record up in the sites.
func (t *eraseTask) find(ctx context.Context, b *workbench) (*consent.Site, consent.Stored, error) {
	sites, err := b.sites(ctx, t.Site)
	if err != nil {
		return nil, consent.Stored{}, err
	}
	for _, site := range sites {
		stored, err := b.whole.Record(ctx, site.ID, t.Record)
		if errors.Is(err, consent.ErrNotFound) {
			continue
		}
		if err == nil && t.Token != nil && !stored.Erased && !opens(t.Token, stored.Receipt) {
			err = errors.New("the link is not the one that was given with this record: it was altered or mistyped; ask for the whole link, or for the consent id")
		}
		return site, stored, err
	}
	return nil, consent.Stored{}, fmt.Errorf("no record %s is held; a mistyped id and one that was never given look alike", t.Record)
}

// opens reports whether a token is a receipt's.
func opens(token []byte, receipt [16]byte) bool {
	sum := sha256.Sum256(token)
	return subtle.ConstantTimeCompare(sum[:len(receipt)], receipt[:]) == 1
}

// due is the record, or all of its visitor's.
func (t *eraseTask) due(ctx context.Context, b *workbench, site string, named consent.Stored) (due []consent.Stored, err error) {
	all := []consent.Stored{named}
	if !t.Only && named.Subject != (consent.ID{}) {
		if all, err = b.whole.History(ctx, site, named.Subject); err != nil {
			return nil, err
		}
	}
	return unerased(all), nil
}

func unerased(all []consent.Stored) (list []consent.Stored) {
	for _, e := range all {
		if !e.Erased {
			list = append(list, e)
		}
	}
	return list
}
