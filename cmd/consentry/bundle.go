package main

import (
	"archive/zip"
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"os/signal"
	"syscall"
	"time"

	"github.com/spf13/cobra"

	"github.com/consentry/consentry/internal/consent"
	"github.com/consentry/consentry/internal/translog"
)

const bundleLong = `Writes what an auditor gets, one ZIP archive: all entries of the signed log with
records, notices and scripts byte for byte, the checkpoint with its signature, the
public key also as PEM for openssl, checkpoints kept outside the store, the history
of the settings in plain words, and a README that says how to check it, with this
program, with the small Python program inside, or by hand.

It reads only, may run beside the server, and needs memory for a page of the log
at a time. What is not signed yet is left out; within a minute it is. Erased and
purged entries are there as what they are.

With --from and --to, or --record, only those records are there with their
content; of all others the hash is, so that the whole still verifies. With
--record a proof of each is added. --record may be repeated and is a consent id or
a receipt link. --imported adds those of a visitor whose decisions were imported, by
what the other tool called them; - reads that from standard input.

A site that is spread over several logs gets one file for each: shop-DATE.zip,
shop~1-DATE.zip and so on; SITE may also be the name of one of them.

The file holds personal data. It is readable by its owner alone.`

type bundleOptions struct {
	site, out, from, to string
	records             []string
	imported            string
}

func newBundle(env environment) *cobra.Command {
	var o bundleOptions
	var imported *string
	cmd := &cobra.Command{
		Use: "bundle SITE", Short: "Write what an auditor gets, with all proofs, into one archive", Long: bundleLong, GroupID: groupLookAfter, Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			ctx, stop := signal.NotifyContext(cmd.Context(), os.Interrupt, syscall.SIGTERM)
			defer stop()
			o.site = args[0]
			chosen, err := o.choice()
			if err != nil {
				return err
			}
			if o.imported, err = importedVisitor(env, *imported); err != nil {
				return err
			}
			d, err := openDesk(ctx, env, configDir(cmd))
			if err != nil {
				return err
			}
			defer d.close()
			err = d.bundle(ctx, o, chosen)
			if err != nil && ctx.Err() != nil {
				return errors.New("cancelled; nothing is left of the bundle")
			}
			return err
		},
	}
	f := cmd.Flags()
	f.StringVarP(&o.out, "out", "o", "", "file to write, SITE-DATE.zip by default")
	f.StringVar(&o.from, "from", "", "first day, 2026-01-31, or time, 2026-01-31T12:00:00Z")
	f.StringVar(&o.to, "to", "", "day or time before which the last record was made")
	imported = importedFlag(cmd)
	f.StringArrayVar(&o.records, "record", nil, "only this record, with its proof; may be repeated")
	return cmd
}

// choice is which records a bundle shows.
type choice struct {
	from, to time.Time
	ids      map[consent.ID]bool // nil: all
	words    string              // for the README; empty: everything
}

func (o *bundleOptions) choice() (c choice, err error) {
	if c.from, err = moment(o.from, time.Time{}); err != nil {
		return c, usagef("--from: %v", err)
	}
	if c.to, err = moment(o.to, time.Unix(1<<40, 0)); err != nil {
		return c, usagef("--to: %v", err)
	}
	for _, text := range o.records {
		id, err := namedRecord(text)
		if err != nil {
			return c, err
		}
		if c.ids == nil {
			c.ids = make(map[consent.ID]bool)
		}
		c.ids[id] = true
	}
	if o.from != "" || o.to != "" {
		c.words = fmt.Sprintf("records from %s to %s", orWord(o.from, "the beginning"), orWord(o.to, "the end"))
	}
	return c, nil
}

func orWord(text, otherwise string) string {
	if text == "" {
		return otherwise
	}
	return text
}

func (c choice) wants(e consent.Stored) bool {
	return !e.Time.Before(c.from) && e.Time.Before(c.to) && (c.ids == nil || c.ids[e.Record])
}

// bundler writes one bundle.
type bundler struct {
	*logDesk
	choice
	site   *consent.Site
	log    *translog.Log
	raw    []byte // the checkpoint
	signed translog.Checkpoint
	keys   []string
	purged consent.Purged
	reader consent.Reader
	zip    *zip.Writer
	table  []byte // the records of this page of the log, as CSV
	shown  int64
}

// bundle writes one file for each log of the site.
func (d *logDesk) bundle(ctx context.Context, o bundleOptions, chosen choice) error {
	logs, err := d.sites(ctx, o.site)
	if err != nil {
		return err
	}
	if len(logs) > 1 && o.out != "" {
		return usagef("%s has %d logs, %s to %s, and each gets a file of its own: name one of them, or leave --out away", o.site, len(logs), logs[0].ID, logs[len(logs)-1].ID)
	}
	if o.imported != "" {
		if err := chosen.addImported(ctx, d, logs, o.imported); err != nil {
			return err
		}
	}
	if chosen.ids != nil {
		chosen.words = counted64(int64(len(chosen.ids)), "chosen record", "chosen records")
	}
	shown := int64(0)
	for _, log := range logs {
		b := &bundler{logDesk: d, choice: chosen, site: log, log: d.logs.of(log).Log, reader: consent.Reader{Store: d.store}}
		if err := b.writeTo(ctx, cmp.Or(o.out, fmt.Sprintf("%s-%s.zip", log.ID, d.env.now().UTC().Format(time.DateOnly)))); err != nil {
			return err
		}
		shown += b.shown
	}
	if shown < int64(len(chosen.ids)) {
		fmt.Fprintf(d.env.stderr, "%d of the chosen records are in the bundle; the others are not signed yet, were erased, or are none of this site\n", shown)
	}
	return nil
}

func (b *bundler) writeTo(ctx context.Context, out string) error {
	if err := b.open(ctx); err != nil {
		return err
	}
	if _, err := os.Lstat(out); !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("%s is there already; name another file with --out", out)
	}
	if err := writeStream(out, func(w io.Writer) error { return b.write(ctx, w) }); err != nil {
		return err
	}
	fmt.Fprintf(b.env.stdout, "wrote %s: %s of the log, %s with their content; signed: root %s\n", out,
		counted64(b.signed.Size, "entry", "entries"), counted64(b.shown, "record", "records"), b.signed.Root)
	return nil
}

// open reads what is signed.
func (b *bundler) open(ctx context.Context) (err error) {
	if b.raw, err = b.log.Checkpoint(ctx); errors.Is(err, consent.ErrNotFound) {
		return errors.New("nothing of this log is signed yet; the running server does it within a minute")
	} else if err != nil {
		return err
	}
	if b.signed, err = translog.ReadCheckpoint(b.raw); err != nil {
		return err
	}
	if b.keys, err = b.log.VerifierKeys(ctx); err != nil {
		return err
	}
	b.purged, err = consent.ReadPurged(ctx, b.store, b.site.ID)
	return err
}

// writeStream writes a file that is there whole or not at all, and replaces none.
func writeStream(path string, write func(io.Writer) error) (err error) {
	partial := path + ".partial"
	f, err := os.OpenFile(partial, os.O_CREATE|os.O_TRUNC|os.O_WRONLY, secretMode)
	if err != nil {
		return writeError(path, err)
	}
	defer func() { err = errors.Join(err, removeIfThere(partial)) }()
	err = write(f)
	if err = errors.Join(err, f.Sync(), f.Close()); err != nil {
		return fmt.Errorf("write %s: %w", path, err)
	}
	return os.Link(partial, path)
}
