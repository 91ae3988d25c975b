package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"html/template"
	"os"
	"path/filepath"
	"regexp"
	"strings"

	_ "embed"

	"github.com/spf13/cobra"

	"github.com/consentry/consentry/components"
	"github.com/consentry/consentry/internal/consent"
	"github.com/consentry/consentry/templates"
)

const reproduceLong = `Writes into a folder what this visitor was shown: the scripts of both layers and
the gate, byte for byte as they were stored before the first visitor saw them,
held against the digests in the record; the record itself; and index.html, which
shows both layers in the visitor's language without running any of the scripts.
It opens in any browser and prints.

Of an imported record the notice is there as it was imported, in the file notice.

Of a choice made on the page without JavaScript it writes that page: as it was
stored, with every sentence that somebody may read on it (choices-stored.html),
and as this visitor saw it (choices.html): what held before is what the record
before says. Only a message about a choice just sent is not known any more.`

func newReproduce(env environment) *cobra.Command {
	cmd := &cobra.Command{Use: "reproduce RECORD", Short: "Write the notice that a visitor saw", Long: reproduceLong}
	out := cmd.Flags().StringP("out", "o", "", "folder to write, a new one named after the record by default")
	return onRecord(env, cmd, func(ctx context.Context, d *logDesk, f foundRecord) error {
		dir := *out
		if dir == "" {
			dir = "notice-" + f.record.ID.String()
		}
		shown, err := d.shown(ctx, f)
		if err != nil {
			return err
		}
		if err := shown.write(dir); err != nil {
			return err
		}
		fmt.Fprintf(env.stdout, "%s shows what was seen; the stored bytes lie beside it\n", filepath.Join(dir, "index.html"))
		return nil
	})
}

// shownNotice is what one visitor saw.
type shownNotice struct {
	Record *consent.Record
	Site   string
	Files  map[string][]byte // by name, as they were stored
	Layers []shownLayer
	Page   bool // the page without JavaScript, in a file of its own
	Lost   bool // what held before is not known: its record was erased
}

type shownLayer struct {
	Title string
	Dir   string
	HTML  template.HTML // of our own making, held against its digest
	CSS   template.CSS
}

// renderingFile is the part of a stored rendering that is read here.
type renderingFile struct {
	Locales map[string]map[string]string `json:"locales"`
}

func (d *logDesk) shown(ctx context.Context, f foundRecord) (*shownNotice, error) {
	r := f.record
	read := func(digest string) ([]byte, error) {
		a, err := d.store.Artefact(ctx, f.site.ID, digest)
		if err == nil && consent.Digest(a.Body) != digest {
			err = errors.New("its bytes have another digest: they were altered")
		}
		if err != nil {
			return nil, fmt.Errorf("read what was shown, %s: %w", digest, err)
		}
		return a.Body, nil
	}
	s := &shownNotice{Record: r, Site: r.Site, Files: make(map[string][]byte)}
	rendering, err := read(r.Notice.Rendering)
	if err != nil {
		return nil, err
	}
	if r.Event == consent.Imported {
		s.Files["notice"] = rendering
		s.Files["record.json"], err = r.Encode()
		return s, err
	}
	var doc renderingFile
	if err := json.Unmarshal(rendering, &doc); err != nil {
		return nil, fmt.Errorf("read rendering: %w", err)
	}
	if s.Files["gate.js"], err = read(r.Notice.Gate); err != nil {
		return nil, err
	}
	s.Files["rendering.json"] = rendering
	if s.Files["record.json"], err = r.Encode(); err != nil {
		return nil, err
	}
	if r.Action.Surface == "receipt" {
		return s, nil // an objection or a correction, made where no notice stands
	}
	kinds := doc.Locales[r.Notice.Locale]
	if r.Action.Surface == "page" && kinds["page"] != "" {
		return s, d.addPage(ctx, s, f, func() ([]byte, error) { return read(kinds["page"]) })
	}
	return s, s.addLayers(func(kind string) ([]byte, error) { return read(kinds[kind]) })
}

// addLayers adds what a visitor with JavaScript saw.
func (s *shownNotice) addLayers(read func(kind string) ([]byte, error)) error {
	for _, layer := range [...]struct{ kind, title string }{{"banner", "Layer one"}, {"preferences", "Layer two"}} {
		script, err := read(layer.kind)
		if err != nil {
			return err
		}
		s.Files[layer.kind+".js"] = script
		shown, err := layerOf(script, s.signal())
		if err != nil {
			return fmt.Errorf("%s: %w", layer.kind, err)
		}
		shown.Title = layer.title
		s.Layers = append(s.Layers, shown)
	}
	return nil
}

// addPage adds the page without JavaScript, filled from the record and the one
// before it.
func (d *logDesk) addPage(ctx context.Context, s *shownNotice, f foundRecord, read func() ([]byte, error)) error {
	form, err := read()
	if err != nil {
		return err
	}
	r := s.Record
	page := templates.ChoicesPage{
		Form: form, Frame: f.frame, Locale: r.Notice.Locale, Rendering: r.Notice.Rendering, Now: r.Time.Time,
		GPC: s.signal() == globalPrivacyControl, DNT: s.signal() == doNotTrack, State: r.Before(f.frame, nil, nil),
	}
	if r.Previous != nil {
		before, err := d.find(ctx, *r.Previous, s.Site)
		switch {
		case errors.Is(err, consent.ErrErased):
			s.Lost = true
		case err != nil:
			return fmt.Errorf("read what held before: %w", err)
		default:
			page.State, page.Decided = r.Before(f.frame, before.record, before.frame), before.record.Time.Time
			page.Since = sinceBefore(f, before)
		}
	}
	var html bytes.Buffer
	if err := templates.Choices(page).Render(ctx, &html); err != nil {
		return err
	}
	s.Page, s.Files["choices-stored.html"], s.Files["choices.html"] = true, form, html.Bytes()
	return nil
}

// sinceBefore says what had changed since the answer before, as the page did.
func sinceBefore(f, before foundRecord) map[string][]string {
	changes := make(map[string][]string)
	for _, was := range before.frame.Optional() {
		for _, is := range f.frame.Optional() {
			if was.ID == is.ID && was.Digest != is.Digest {
				changes[is.ID] = components.Since(f.site, f.record.Notice.Locale, consent.Since(was, is))
			}
		}
	}
	return changes
}

// literalText finds the string literals of a bundle: its HTML and its style are
// written into it as JSON strings.
var literalText = regexp.MustCompile(`"(?:[^"\\\n]|\\.)*"`)

// layerOf takes the HTML and the style out of a stored script, and shows what a signal
// of the browser added.
func layerOf(script []byte, signal string) (shownLayer, error) {
	var html, css string
	for _, quoted := range literalText.FindAll(script, -1) {
		var text string
		if json.Unmarshal(quoted, &text) != nil {
			continue
		}
		switch {
		case strings.HasPrefix(text, "<") && len(text) > len(html):
			html = text
		case strings.HasPrefix(strings.TrimSpace(text), ":host") && len(text) > len(css):
			css = text
		}
	}
	if html == "" || css == "" {
		return shownLayer{}, errors.New("the stored script holds no HTML and style that this program knows how to show; its bytes are evidence all the same")
	}
	html = showSignal(html, signal)
	html = strings.Replace(html, "<dialog", "<dialog open", 1)
	return shownLayer{HTML: template.HTML(html), CSS: template.CSS(css)}, nil // held against its digest
}

//go:embed snippets/notice.html.tmpl
var noticePage string

func (s *shownNotice) write(dir string) error {
	page, err := template.New("notice").Parse(noticePage)
	if err != nil {
		return err
	}
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return err
	}
	if there, err := os.ReadDir(dir); err != nil {
		return err
	} else if len(there) > 0 {
		return fmt.Errorf("%s is not empty and holds %s; name a new folder with --out", dir, there[0].Name())
	}
	for name, body := range s.Files {
		if err := writeWhole(filepath.Join(dir, name), body, secretMode, true); err != nil {
			return err
		}
	}
	var html strings.Builder
	if err := page.Execute(&html, s); err != nil {
		return err
	}
	return writeWhole(filepath.Join(dir, "index.html"), []byte(html.String()), secretMode, true)
}
