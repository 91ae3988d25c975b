package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/consentry/consentry/internal/consent"
	"github.com/consentry/consentry/internal/translog"
)

const proveLong = `Writes the proof that a record has been in the site's signed log: the record
itself, its place, the hashes up to the signed root, and the signature. Whoever
has the file and the log's public key can check it without this server, with
"consentry verify-receipt" or any program that reads C2SP tlog-proof.

Whose decisions "consentry import" has taken over was given no id: --imported
VISITOR writes one file for each record of whom the other tool called so,
RECORD.tlog-proof, into the folder that --out names, or into this one; - is read
from standard input, since a name would stand in the list of processes.`

func newProve(env environment) *cobra.Command {
	cmd := &cobra.Command{Use: "prove RECORD", Short: "Write the proof that a record is in the signed log", Long: proveLong}
	out := cmd.Flags().StringP("out", "o", "", "file to write, instead of standard output")
	imported := importedFlag(cmd)
	onRecord(env, cmd, func(ctx context.Context, d *logDesk, f foundRecord) error {
		proof, err := d.logs.of(f.site).ProveRecord(ctx, f.stored, f.record)
		if err != nil {
			return err
		}
		if *out == "" {
			_, err = env.stdout.Write(proof.Format())
			return err
		}
		return writeWhole(*out, proof.Format(), secretMode, true)
	})
	one := cmd.RunE
	cmd.Args = cobra.MaximumNArgs(1)
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		visitor, err := importedVisitor(env, *imported)
		switch {
		case err != nil:
			return err
		case (visitor != "") == (len(args) == 1):
			return usagef("name what is to be proved: RECORD, or --imported VISITOR")
		case visitor == "":
			return one(cmd, args)
		}
		d, err := openDesk(cmd.Context(), env, configDir(cmd))
		if err != nil {
			return err
		}
		defer d.close()
		return d.proveImported(cmd.Context(), visitor, cmd.Flag("site").Value.String(), *out)
	}
	return cmd
}

// proveImported writes the proofs of an imported visitor's records into a folder.
func (d *logDesk) proveImported(ctx context.Context, visitor, only, folder string) error {
	sites, err := d.sites(ctx, only)
	if err != nil {
		return err
	}
	written := 0
	for _, site := range sites {
		list, err := importedOf(ctx, d.store, d.ring, site.ID, visitor)
		if err != nil {
			return err
		}
		for _, stored := range unerased(list) {
			f, err := d.opened(ctx, site, stored)
			if err != nil {
				return err
			}
			proof, err := d.logs.of(site).ProveRecord(ctx, stored, f.record)
			if err != nil {
				return fmt.Errorf("site %s, record %s: %w", site.ID, stored.Record, err)
			}
			path := filepath.Join(folder, stored.Record.String()+".tlog-proof")
			if err := writeWhole(path, proof.Format(), secretMode, true); err != nil {
				return err
			}
			fmt.Fprintf(d.env.stdout, "wrote %s: site %s, record of %s\n", path, site.ID, stored.Time.UTC().Format(time.DateTime+" MST"))
			written++
		}
	}
	if written == 0 {
		return errNotImported
	}
	return nil
}

const verifyReceiptLong = `Checks a proof file offline: nothing but the file and the log's public key is
needed, neither this server nor its store. Give the key as it is printed by
"consentry log show", or as the site serves it under log/key, or a file that
holds it; get it from somebody other than the person who gave you the proof.
Keys of witnesses are taken too: their signatures are then named.

Exit status 1 when the proof does not hold.`

func newVerifyReceipt(env environment) *cobra.Command {
	cmd := &cobra.Command{
		Use: "verify-receipt FILE", Short: "Check a proof file offline, with public keys alone",
		Long: verifyReceiptLong, GroupID: groupLookAfter, Args: cobra.ExactArgs(1),
	}
	keys := cmd.Flags().StringArray("key", nil, "public key of the log or of a witness, or a file of them; may be repeated")
	_ = cmd.MarkFlagRequired("key")
	cmd.RunE = func(_ *cobra.Command, args []string) error {
		file, err := readInput(env, args[0])
		if err != nil {
			return err
		}
		texts, err := keyTexts(*keys)
		if err != nil {
			return err
		}
		proof, err := translog.ParseProof(file)
		if err != nil {
			return err
		}
		proven, err := translog.Verify(proof, texts...)
		if err != nil {
			return err
		}
		printProven(env.stdout, proven)
		return nil
	}
	return cmd
}

// readInput reads a file, or standard input for "-".
func readInput(env environment, path string) ([]byte, error) {
	if path == "-" {
		return io.ReadAll(env.stdin)
	}
	return os.ReadFile(path)
}

// keyLine is a public key alone on its line, or as "log show" prints it.
var keyLine = regexp.MustCompile(`(?m)^(?:Key )?([^\s+]+\+[0-9a-f]{8}\+[0-9A-Za-z+/=]+)\s*$`)

// keyTexts replaces files by the keys in them. What else stands there is not one.
func keyTexts(given []string) (texts []string, err error) {
	for _, key := range given {
		b, err := os.ReadFile(key)
		if err != nil && strings.Contains(key, "+") {
			texts = append(texts, key)
			continue
		}
		if err != nil {
			return nil, fmt.Errorf("--key is neither a public key, as \"consentry log show\" prints it, nor a file that can be read: %w", err)
		}
		keys := keyLine.FindAllSubmatch(b, -1)
		if len(keys) == 0 {
			return nil, fmt.Errorf("%s holds no public key; save in it what \"consentry log show\" prints", key)
		}
		for _, k := range keys {
			texts = append(texts, string(k[1]))
		}
	}
	return texts, nil
}

func printProven(w io.Writer, v *translog.Verified) {
	fmt.Fprintf(w, "The proof holds: entry %d of %s stood there when %d entries were signed.\n", v.Index, v.Origin, v.Size)
	for _, witness := range v.Witnesses {
		fmt.Fprintf(w, "Signed by the witness %s too.\n", witness)
	}
	if a := v.Artefact; a != nil {
		fmt.Fprintf(w, "  %s %s of %s\n", a.Kind, a.Digest, a.Time.UTC().Format("2006-01-02 15:04:05 MST"))
		return
	}
	r := v.Record
	fmt.Fprintf(w, "  record    %s\n  site      %s, for %s\n  event     %s at %s\n", r.ID, r.Site, r.Controller.Name, r.Event, r.Time.UTC().Format("2006-01-02 15:04:05 MST"))
	for _, d := range r.Decisions {
		fmt.Fprintf(w, "  %-9s %s\n", d.Status, decisionName(d))
	}
	fmt.Fprintf(w, "  by        %s on %s, layer %d, in %s; notice %s\n", r.Action.Control, r.Action.Surface, r.Action.Layer, r.Notice.Locale, r.Notice.Digest)
}

// decisionName names what was decided: a category, or a service under its own.
func decisionName(d consent.RecordDecision) string {
	name := d.Category
	if d.Service != "" {
		name += ":" + d.Service
	}
	if d.Scope == consent.Once {
		name += " (once)"
	}
	return name
}
