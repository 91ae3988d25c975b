package main

import (
	"archive/zip"
	"bytes"
	"context"
	"crypto/x509"
	_ "embed"
	"encoding/hex"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"text/template"
	"time"

	"github.com/consentry/consentry/internal/consent"
	"github.com/consentry/consentry/internal/translog"
)

//go:embed auditor/verify.py
var auditorProgram []byte

//go:embed auditor/README.txt.tmpl
var auditorReadme string

// entriesPage is how many entries of the log are in one file of a bundle.
const entriesPage = 10_000

// bundledEntry is a line of log/entries.
type bundledEntry struct {
	Index  int64  `json:"index"`
	Kind   string `json:"kind"` // record, erased, purged, left-out, or an artefact's
	Leaf   string `json:"leaf"` // hex
	Salt   string `json:"salt,omitempty"`
	Record string `json:"record,omitempty"` // canonical JSON, as text so that its bytes are plain
	Digest string `json:"digest,omitempty"`
	Time   string `json:"time,omitempty"`
}

func (b *bundler) write(ctx context.Context, w io.Writer) error {
	b.zip = zip.NewWriter(w)
	for _, step := range []func(context.Context) error{b.writeLog, b.writeEntries, b.writeArtefacts, b.writeHistory, b.writeRest, b.writeReadme} {
		if err := step(ctx); err != nil {
			return err
		}
	}
	return b.zip.Close()
}

// add writes one file of the archive.
func (b *bundler) add(name string, body []byte) error {
	w, err := b.create(name)
	if err == nil {
		_, err = w.Write(body)
	}
	return err
}

func (b *bundler) create(name string) (io.Writer, error) {
	return b.zip.CreateHeader(&zip.FileHeader{Name: name, Method: zip.Deflate, Modified: b.env.now()})
}

// writeLog writes the checkpoint in both forms, the keys and the copies outside.
func (b *bundler) writeLog(context.Context) error {
	bare, err := translog.BareSignature(b.raw, b.keys[0])
	if err != nil && len(b.keys) > 1 {
		bare, err = translog.BareSignature(b.raw, b.keys[1]) // the newest has not signed yet
	}
	if err != nil {
		return err
	}
	der, err := x509.MarshalPKIXPublicKey(bare.Key)
	if err != nil {
		return err
	}
	files := map[string][]byte{
		"log/checkpoint": b.raw, "log/checkpoint.text": bare.Text, "log/checkpoint.sig": bare.Signature,
		"log/key.pem": pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: der}),
		"log/key.txt": []byte(strings.Join(b.keys, "\n") + "\n"), "verify.py": auditorProgram,
	}
	copies, err := b.copies(b.site.ID, nil)
	if err != nil {
		return err
	}
	for i, kept := range copies {
		if c, err := translog.ReadCheckpoint(kept.Raw); err == nil && c.Origin == b.signed.Origin {
			files[fmt.Sprintf("log/copies/%05d.txt", i)] = kept.Raw
		}
	}
	for name, body := range files {
		err = errors.Join(err, b.add(name, body))
	}
	return err
}

// writeEntries writes the whole log up to the signed size, page by page.
func (b *bundler) writeEntries(ctx context.Context) error {
	progress := b.env.progress("bundle of "+b.site.ID, "entries")
	for at := int64(0); at < b.signed.Size; at += entriesPage {
		w, err := b.create(fmt.Sprintf("log/entries/%012d.ndjson", at))
		if err != nil {
			return err
		}
		b.table = nil
		next, end := at, min(at+entriesPage, b.signed.Size)
		logErr := b.store.Log(ctx, b.site.ID, at, func(e consent.LogEntry) bool {
			progress(e.Index, b.signed.Size)
			if err = b.writeEntry(ctx, w, e); err == nil {
				err = ctx.Err()
			}
			next = e.Index + 1
			return err == nil && next < end
		})
		if err = errors.Join(err, logErr); err != nil {
			return err
		}
		if next < end {
			return fmt.Errorf("entry %d is missing; consentry verify says more", next)
		}
		if len(b.table) > 0 {
			if err := b.add(fmt.Sprintf("records/%012d.csv", at), slices.Concat([]byte(csvHead), b.table)); err != nil {
				return err
			}
		}
	}
	return nil
}

func (b *bundler) writeEntry(ctx context.Context, w io.Writer, e consent.LogEntry) error {
	line := bundledEntry{Index: e.Index, Kind: e.Kind, Leaf: hex.EncodeToString(e.Leaf[:])}
	switch {
	case e.Kind != "":
		a, err := b.store.Artefact(ctx, b.site.ID, e.Digest)
		if err != nil {
			return fmt.Errorf("entry %d: %w", e.Index, err)
		}
		line.Digest, line.Time = a.Digest, stamp(consent.At(a.Time))
	case e.Record.Erased && b.purged.Has(e.Index):
		line.Kind = "purged"
	case e.Record.Erased:
		line.Kind = "erased"
	case !b.wants(e.Record):
		line.Kind = "left-out"
	default:
		if err := b.fill(ctx, &line, e.Record); err != nil {
			return fmt.Errorf("entry %d cannot be read; consentry verify says more: %w", e.Index, err)
		}
	}
	text, err := jsonLine(line)
	if err == nil {
		_, err = w.Write(text)
	}
	return err
}

// fill adds a record's content, as text and as a line of the table.
func (b *bundler) fill(ctx context.Context, line *bundledEntry, stored consent.Stored) error {
	record, _, err := b.reader.Open(ctx, stored)
	if err != nil {
		return err
	}
	canonical, err := record.Encode()
	if err != nil {
		return err
	}
	row, err := csvLine(exported{stored, record, nil})
	if err != nil {
		return err
	}
	salt := stored.Secret.Salt()
	line.Kind, line.Salt, line.Record = "record", hex.EncodeToString(salt[:]), string(canonical)
	b.table = append(b.table, row...)
	b.shown++
	return nil
}

// writeArtefacts writes the bytes of everything that is no record.
func (b *bundler) writeArtefacts(ctx context.Context) (err error) {
	logErr := b.store.Log(ctx, b.site.ID, 0, func(e consent.LogEntry) bool {
		if e.Index >= b.signed.Size {
			return false
		}
		if e.Kind != "" {
			var a consent.Artefact
			if a, err = b.store.Artefact(ctx, b.site.ID, e.Digest); err == nil {
				err = b.add("artefacts/"+a.Kind+"/"+a.Digest, a.Body)
			}
		}
		return err == nil
	})
	return errors.Join(err, logErr)
}

// writeRest writes the settings of today, and the proofs of chosen records.
func (b *bundler) writeRest(ctx context.Context) error {
	if b.site.Source != "" {
		text, err := os.ReadFile(b.config.resolve(b.site.Source))
		if err == nil {
			err = b.add("config/"+filepath.Base(b.site.Source), text)
		}
		if err != nil {
			return err
		}
	}
	for id := range b.ids {
		stored, err := b.store.Record(ctx, b.site.ID, id)
		if errors.Is(err, consent.ErrNotFound) || err == nil && (stored.Erased || stored.Index >= b.signed.Size) {
			continue
		}
		if err != nil {
			return err
		}
		record, _, err := b.reader.Open(ctx, stored)
		if err != nil {
			return err
		}
		proof, err := b.log.ProveRecord(ctx, stored, record)
		if err != nil {
			return err
		}
		if err := b.add("proofs/"+id.String()+".tlog-proof", proof.Format()); err != nil {
			return err
		}
	}
	return nil
}

func (b *bundler) writeReadme(context.Context) error {
	page, err := template.New("README").Parse(auditorReadme)
	if err != nil {
		return err
	}
	controller := ""
	if b.site.Policy != nil {
		controller = b.site.Policy.Controller.Name
	}
	var text bytes.Buffer
	err = page.Execute(&text, map[string]any{
		"Site": b.site.ID, "Rule": strings.Repeat("=", len("Consent records of the site ")+len(b.site.ID)), "Controller": controller,
		"Made": b.env.now().UTC().Format(time.DateTime + " MST"), "Program": programVersion(), "Chosen": b.words, "Proofs": b.ids != nil,
		"KeyURL": "https://" + b.signed.Origin + "/key",
	})
	if err != nil {
		return err
	}
	return b.add("README.txt", text.Bytes())
}
