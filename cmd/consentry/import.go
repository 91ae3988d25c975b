package main

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"

	"github.com/spf13/cobra"

	"github.com/consentry/consentry/internal/consent"
)

const importLong = `Takes over decisions that another tool recorded, from a file of your making: CSV
with a header line, or NDJSON with the same names, - for standard input.

  time      when it was decided: 2026-01-31T12:00:00Z, or 2026-01-31 12:00:00 in UTC
  visitor   what the other tool calls the visitor. Only hashes of it are kept
  analytics, share, …   one column for each category of the site: granted, denied
            (also yes, no, true, false, 1, 0), or empty for not asked
  notice    name of the file in the folder --notices with what the visitor saw: a
            page, a picture, a PDF. Needed where something is granted: a grant
            proves nothing without it. The file's bytes are kept, and logged first
  locale    optional, one of the site's languages

Other columns are refused, so that nothing about a person slips in. In NDJSON the
categories stand under "decisions": {"time": …, "visitor": …, "decisions":
{"analytics": "denied"}, "notice": …}.

Every line is checked first. With one that cannot be taken over nothing is
written, and all of them are reported by line; --skip leaves them out. The records
are marked imported, in the log as well: their times are the other tool's word.
They are evidence, and change no visitor's cookie. Given again, after it was
cancelled too, the command writes what is missing and nothing twice. Lines that
an erasure has reached stay erased.

` + besideLong

// importTask writes decisions of another tool.
type importTask struct {
	Site    string
	Source  string            // digest of the file
	Notices map[string][]byte // by digest
	Lines   []importLine

	names map[string]string // of notices, to their digests, while lines are read
}

func newImport(env environment) *cobra.Command {
	cmd := &cobra.Command{
		Use: "import SITE FILE", Short: "Take over decisions that another tool recorded", Long: importLong, GroupID: groupLookAfter, Args: cobra.ExactArgs(2),
	}
	notices := cmd.Flags().String("notices", "", "folder with the notices that the lines name")
	skip := cmd.Flags().Bool("skip", false, "leave out the lines that cannot be taken over")
	_ = cmd.MarkFlagDirname("notices")
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		config, err := serverConfig(configDir(cmd))
		if err != nil {
			return err
		}
		site, err := findSite(config, args[0])
		if err != nil {
			return err
		}
		text, err := readInput(env, args[1])
		if err != nil {
			return err
		}
		t := &importTask{Site: site.ID, Source: consent.Digest(text), Notices: make(map[string][]byte), names: make(map[string]string)}
		bad, err := t.read(text, site, *notices, env.now())
		if err != nil {
			return fmt.Errorf("%s: %w", args[1], err)
		}
		for i, problem := range bad {
			if i == maxReported {
				fmt.Fprintf(env.stderr, "… and %d more\n", len(bad)-i)
				break
			}
			fmt.Fprintf(env.stderr, "%s:%v\n", args[1], problem)
		}
		if len(bad) > 0 && !*skip {
			fmt.Fprintf(env.stderr, "%s; nothing was written. Mend them, or leave them out with --skip\n", counted64(int64(len(bad)), "line cannot be taken over", "lines cannot be taken over"))
			return errReported
		}
		return operate(cmd, env, "import", t)
	}
	return cmd
}

// maxReported is how many bad lines are printed.
const maxReported = 50

// notice reads a file of the folder once and returns its digest.
func (t *importTask) notice(folder, name string) (digest string, err error) {
	if name == "" {
		return "", nil
	}
	if folder == "" {
		return "", errors.New("it names a notice; say in which folder they are with --notices")
	}
	if !filepath.IsLocal(name) {
		return "", fmt.Errorf("the notice %q is not in the folder", name)
	}
	if digest, known := t.names[name]; known {
		return digest, nil
	}
	body, err := os.ReadFile(filepath.Join(folder, name))
	if err != nil {
		return "", err
	}
	if len(body) == 0 || len(body) > maxNotice {
		return "", fmt.Errorf("the notice %s has %d bytes, where 1 to %d are kept", name, len(body), maxNotice)
	}
	digest = consent.Digest(body)
	t.Notices[digest], t.names[name] = body, digest
	return digest, nil
}

// maxNotice bounds a notice of another tool: a picture of a screen.
const maxNotice = 8 << 20

// noNotice stands in the place of a notice that nobody has kept.
const noNotice = "The notice that this decision was made on was not kept by the tool that recorded it.\n"

func (t *importTask) run(ctx context.Context, b *workbench) error {
	sites, err := b.sites(ctx, t.Site)
	if err != nil {
		return err
	}
	site := sites[0]
	if site.Policy == nil {
		return fmt.Errorf("site %s is not configured", site.ID)
	}
	keys, err := consent.DeriveIdentityKeys(b.ring.Root, site.ID)
	if err != nil {
		return err
	}
	frames, err := t.frames(ctx, b, site)
	if err != nil {
		return err
	}
	entries, granted := make([]consent.Entry, len(t.Lines)), 0
	for i, line := range t.Lines {
		if err := line.Check(site.Policy, site.Locales, b.env.now()); err != nil {
			return fmt.Errorf("line %d: %w", line.Number, err)
		}
		if entries[i], err = line.Entry(frames[line.Notice], keys); err != nil {
			return fmt.Errorf("line %d: %w", line.Number, err)
		}
		if slices.Contains(slices.Collect(maps.Values(line.Statuses)), consent.Granted) {
			granted++
		}
	}
	missing, err := t.missing(ctx, b, entries)
	if err != nil {
		return err
	}
	if len(missing) > 0 {
		if err := consent.NoteImport(ctx, b.whole, site.ID, t.Source, len(missing), granted, b.env.now()); err != nil {
			return err
		}
	}
	written, err := appendAll(ctx, b, missing)
	b.say("%s imported, %d were there already", counted64(int64(written), "record", "records"), len(entries)-len(missing))
	return err
}

// frames logs the notices and what the records on each have in common.
func (t *importTask) frames(ctx context.Context, b *workbench, site *consent.Site) (map[string]*consent.Frame, error) {
	frames := make(map[string]*consent.Frame)
	put := func(kind string, body []byte) (string, error) {
		a := consent.Artefact{Kind: kind, Digest: consent.Digest(body), Time: consent.At(b.env.now()).Time, Body: body}
		a.Leaf = consent.ArtefactLeaf(a)
		return a.Digest, b.whole.PutArtefact(ctx, site.ID, a)
	}
	for _, line := range t.Lines {
		if frames[line.Notice] != nil {
			continue
		}
		body := t.Notices[line.Notice]
		if line.Notice == "" {
			body = []byte(noNotice)
		}
		digest, err := put(consent.ForeignNoticeKind, body)
		if err != nil {
			return nil, err
		}
		f := consent.ForeignFrame(site, digest, consent.ServerVersion{Version: programVersion(), Key: "import"})
		encoded, err := f.Encode()
		if err != nil {
			return nil, err
		}
		if _, err := put("frame", encoded); err != nil {
			return nil, err
		}
		frames[line.Notice] = f
	}
	return frames, nil
}

// missing leaves out what an earlier attempt has written, and lines that say the
// same twice.
func (t *importTask) missing(ctx context.Context, b *workbench, entries []consent.Entry) (list []consent.Entry, err error) {
	seen := make(map[consent.ID]bool, len(entries))
	progress := b.progress("import, looked up", "records")
	for i, e := range entries {
		progress(int64(i), int64(len(entries)))
		if seen[e.Record] {
			continue
		}
		seen[e.Record] = true
		_, err := b.whole.Record(ctx, t.Site, e.Record)
		if errors.Is(err, consent.ErrNotFound) {
			list = append(list, e)
		} else if err != nil {
			return nil, err
		}
	}
	return list, nil
}

// importAtOnce is how many records are on their way to the store together.
const importAtOnce = 256

// appendAll appends entries, many at a time: the store commits them together.
func appendAll(ctx context.Context, b *workbench, entries []consent.Entry) (written int, err error) {
	progress := b.progress("import", "records")
	for part := range slices.Chunk(entries, importAtOnce) {
		results := make(chan error, len(part))
		for _, e := range part {
			go func() {
				_, _, err := b.whole.Append(ctx, e)
				results <- err
			}()
		}
		for range part {
			if appendErr := <-results; appendErr != nil {
				err = appendErr
			} else {
				written++
			}
		}
		if err != nil {
			return written, fmt.Errorf("%d of %d records are written; give the command again: %w", written, len(entries), err)
		}
		progress(int64(written), int64(len(entries)))
	}
	return written, nil
}
