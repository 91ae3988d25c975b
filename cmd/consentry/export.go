package main

import (
	"bufio"
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/consentry/consentry/internal/consent"
)

const exportLong = `Writes records in the order of the log, one after the other, in memory that does
not grow with their number. Each comes with its place in the log and its leaf, so
that it can be held against a checkpoint. Erased ones are left out. Where a site
has several logs they follow each other, and places in SITE~N begin at N × 2^46.

  csv      one line a record, for a spreadsheet; what looks like a formula is
           escaped
  ndjson   the record's canonical JSON with index, leaf and salt, one line each
  jsonld   the same in the terms of W3C DPV, one line each

With --out an export that was interrupted goes on where it stopped when the same
command is given again, and one that had come to its end goes on with what was
recorded since. FILE.export beside it says which command began it; another site,
time, category or format needs another file.`

type exportOptions struct {
	site, category, format, out string
	from, to                    string
}

func newExport(env environment) *cobra.Command {
	var o exportOptions
	cmd := &cobra.Command{
		Use: "export SITE", Short: "Write records as CSV, NDJSON or JSON-LD", Long: exportLong, GroupID: groupLookAfter, Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			o.site = args[0]
			e, err := o.exporter()
			if err != nil {
				return err
			}
			d, err := openDesk(cmd.Context(), env, configDir(cmd))
			if err != nil {
				return err
			}
			defer d.close()
			return d.export(cmd.Context(), o, e)
		},
	}
	f := cmd.Flags()
	f.StringVar(&o.format, "format", "csv", "csv, ndjson or jsonld")
	f.StringVarP(&o.out, "out", "o", "", "file to write, or to go on with, instead of standard output")
	f.StringVar(&o.from, "from", "", "first day, 2026-01-31, or time, 2026-01-31T12:00:00Z")
	f.StringVar(&o.to, "to", "", "day or time before which the last record was made")
	f.StringVar(&o.category, "category", "", "only records that decided about this category")
	return cmd
}

// command says of what an export is, as it is given again to go on with it.
func (o *exportOptions) command(e *exporter) string {
	words := []string{"consentry export", o.site, "--format", o.format}
	if o.category != "" {
		words = append(words, "--category", o.category)
	}
	if o.from != "" {
		words = append(words, "--from", e.from.UTC().Format(time.RFC3339Nano))
	}
	if o.to != "" {
		words = append(words, "--to", e.to.UTC().Format(time.RFC3339Nano))
	}
	return strings.Join(words, " ")
}

// exporter chooses records and writes them.
type exporter struct {
	from, to time.Time
	category string
	head     string
	line     func(exported) ([]byte, error)
	index    func(line []byte) (int64, error) // of a line that was written
}

// exported is one record on its way out.
type exported struct {
	stored consent.Stored
	record *consent.Record
	policy *consent.Policy // the site's own today
}

func (o *exportOptions) exporter() (*exporter, error) {
	e, known := map[string]*exporter{
		"csv":    {head: csvHead, line: csvLine, index: csvIndex},
		"ndjson": {line: ndjsonLine, index: jsonIndex},
		"jsonld": {line: jsonldLine, index: jsonIndex},
	}[o.format]
	if !known {
		return nil, usagef("--format must be csv, ndjson or jsonld, not %q", o.format)
	}
	e.category = o.category
	var err error
	if e.from, err = moment(o.from, time.Time{}); err != nil {
		return nil, usagef("--from: %v", err)
	}
	if e.to, err = moment(o.to, time.Unix(1<<40, 0)); err != nil {
		return nil, usagef("--to: %v", err)
	}
	if !e.from.Before(e.to) {
		return nil, usagef("--to %s is not after --from %s, so that no record lies between them", o.to, o.from)
	}
	return e, nil
}

// moment reads a day, which begins at midnight UTC, or a time.
func moment(text string, otherwise time.Time) (time.Time, error) {
	if text == "" {
		return otherwise, nil
	}
	if t, err := time.Parse(time.DateOnly, text); err == nil {
		return t, nil
	}
	t, err := time.Parse(time.RFC3339, text)
	if err != nil {
		return t, fmt.Errorf("%q is neither a day, such as 2026-01-31, nor a time, such as 2026-01-31T12:00:00Z", text)
	}
	return t, nil
}

func (e *exporter) wants(r *consent.Record) bool {
	if r.Time.Before(e.from) || !r.Time.Before(e.to) {
		return false
	}
	for _, d := range r.Decisions {
		if d.Category == cmp.Or(e.category, d.Category) {
			return true
		}
	}
	return false
}

func (d *logDesk) export(ctx context.Context, o exportOptions, e *exporter) (err error) {
	sites, err := d.sites(ctx, o.site)
	if err != nil {
		return err
	}
	out, next, done := io.Writer(d.env.stdout), int64(0), func() error { return nil }
	if o.out != "" {
		file, from, err := resume(o.out, o.command(e), e)
		if err != nil {
			return err
		}
		out, next, done = file, from, func() error { return errors.Join(file.Sync(), file.Close()) }
		if next > 0 {
			fmt.Fprintf(d.env.stderr, "%s: going on after entry %d\n", o.out, next-1)
		}
	}
	w := bufio.NewWriterSize(out, 1<<16)
	if next == 0 {
		_, _ = w.WriteString(e.head)
	}
	count := int64(0)
	for _, site := range sites {
		var written int64
		if written, err = d.exportFrom(ctx, site, e, w, next); err != nil {
			break
		}
		count += written
	}
	if err = errors.Join(err, w.Flush(), done()); err != nil {
		return err
	}
	fmt.Fprintf(d.env.stderr, "%s written\n", counted64(count, "record", "records"))
	if e.category != "" && count == 0 && next == 0 {
		return fmt.Errorf("no record of this time decided about a category %q; the site asks about %s", e.category, strings.Join(asked(sites), ", "))
	}
	return nil
}

// exportFrom writes the records of one of a site's logs, from a place of the site on.
func (d *logDesk) exportFrom(ctx context.Context, site *consent.Site, e *exporter, w io.Writer, place int64) (count int64, err error) {
	_, log := consent.LogOf(site.ID)
	begun, from := consent.PlaceOf(place)
	if begun > log {
		return 0, nil
	} else if begun < log {
		from = 0
	}
	head, err := d.store.Head(ctx, site.ID)
	if err != nil {
		return 0, err
	}
	reader, progress := consent.Reader{Store: d.store}, d.env.progress("export of "+site.ID, "entries")
	logErr := d.store.Log(ctx, site.ID, from, func(entry consent.LogEntry) bool {
		progress(entry.Index, head.Size)
		if entry.Kind != "" || entry.Record.Erased {
			return true
		}
		var record *consent.Record
		if record, _, err = reader.Open(ctx, entry.Record); err != nil {
			err = fmt.Errorf("entry %d cannot be read; consentry verify says more: %w", entry.Index, err)
			return false
		}
		if !e.wants(record) {
			return true
		}
		var line []byte
		entry.Record.Index = consent.PlaceIn(log, entry.Index)
		if line, err = e.line(exported{entry.Record, record, site.Policy}); err == nil {
			_, err = w.Write(line)
		}
		count++
		return err == nil
	})
	return count, errors.Join(err, logErr)
}

func csvIndex(line []byte) (int64, error) {
	first, _, _ := bytes.Cut(line, []byte(","))
	return strconv.ParseInt(string(first), 10, 64)
}
