package siteconfig

import (
	"maps"
	"reflect"
	"slices"
	"strings"
	"time"

	"github.com/consentry/consentry/internal/consent"
)

// variantAt is where a site file has an experiment's variant.
const variantAt = "experiment.variant"

func (b *builder) experiment(site *consent.Site) *consent.Experiment {
	f := b.file.Experiment
	if f == nil {
		return nil
	}
	b.checkID("experiment.id", f.ID)
	if lengths := []Duration{2, 3, 4, 6, 8, 12, 24}; !slices.Contains(lengths, f.Block/Duration(time.Hour)) || f.Block%Duration(time.Hour) != 0 {
		b.doc.Fail("experiment.block", "experiment.block must be 2h, 3h, 4h, 6h, 8h, 12h or 1d, not %s, so that both variants meet the same hours", f.Block)
	}
	if f.Detect < 1 || f.Detect > 50 {
		b.doc.Fail("experiment.detect", "experiment.detect must be between 1 and 50 percentage points, not %d", f.Detect)
	}
	year, month, day := time.Time(f.Start).Date()
	start := consent.DateOf(time.Date(year, month, day, 0, 0, 0, 0, time.UTC), time.UTC).Begin(site.Counting.Location())
	return &consent.Experiment{
		ID: f.ID, Start: start, Block: f.Block.Std(), Measure: f.Measure, Detect: float64(f.Detect) / 100, Variant: b.variant(site),
	}
}

// variant is the site as the experiment shows it. What is wrong with it alone is
// reported; rules about how the answers stand beside each other are no mere
// warnings here, since an experiment must not find out what breaking them yields.
func (b *builder) variant(site *consent.Site) *consent.Site {
	sub := &builder{doc: b.doc.view(variantAt), file: b.file.with(b.file.Experiment.Variant), services: b.services, usual: b.usual, locales: b.locales}
	v := *site
	v.Variant, v.Appearance, v.Texts = b.file.Experiment.ID, sub.appearance(), sub.texts(site.Policy)
	if reflect.DeepEqual(v.Appearance, site.Appearance) && reflect.DeepEqual(v.Texts, site.Texts) {
		b.doc.Fail(variantAt, "%s changes nothing; write another layout, position or text", variantAt)
	}
	sub.lint(&v)
	for _, p := range sub.doc.problems {
		if slices.Contains(b.doc.problems, p) {
			continue // the site's own
		}
		p.Message = "in the experiment’s variant " + p.Message
		p.Warning = p.Warning && !slices.Contains([]string{"answers-unlike", "shaming", "pressure"}, p.Rule)
		b.doc.problems = append(b.doc.problems, p)
	}
	return &v
}

// with lays a variant over a site file.
func (f SiteFile) with(v VariantFile) SiteFile {
	if v.Layout != "" && v.Layout != f.Layout {
		f.Layout, f.Position = v.Layout, ""
	}
	if v.Position != "" {
		f.Position = v.Position
	}
	f.Texts = maps.Clone(f.Texts)
	if f.Texts == nil {
		f.Texts = make(map[string]consent.Texts)
	}
	for locale, over := range v.Texts {
		f.Texts[locale] = layTexts(f.Texts[locale], over)
	}
	return f
}

func layTexts(t, over consent.Texts) consent.Texts {
	lay(reflect.ValueOf(&t).Elem(), reflect.ValueOf(over))
	words := maps.Clone(t.Categories)
	for id, w := range over.Categories {
		merged := words[id]
		lay(reflect.ValueOf(&merged).Elem(), reflect.ValueOf(w))
		if words == nil {
			words = make(map[string]consent.Words)
		}
		words[id] = merged
	}
	t.Categories = words
	if len(over.Phrases) > 0 {
		phrases := maps.Clone(over.Phrases)
		for english, text := range t.Phrases {
			if _, ok := phrases[english]; !ok {
				phrases[english] = text
			}
		}
		t.Phrases = phrases
	}
	return t
}

// view is the document as if what stands under a path stood at the top, in place of
// what is there. It begins without problems.
func (d *Document) view(under string) *Document {
	v := &Document{file: d.file, lines: d.lines, places: maps.Clone(d.places), empty: maps.Clone(d.empty)}
	for path, at := range d.places {
		if rest, ok := strings.CutPrefix(path, under+"."); ok {
			v.places[rest] = at
			if delete(v.empty, rest); d.empty[path] {
				v.empty[rest] = true
			}
		}
	}
	for _, path := range d.unknown {
		if rest, ok := strings.CutPrefix(path, under+"."); ok {
			v.unknown = append(v.unknown, rest)
		}
	}
	return v
}
