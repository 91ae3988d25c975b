package components_test

import (
	"maps"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/goccy/go-yaml"

	"github.com/consentry/consentry/components"
)

// firstLayer is what of a language file layer one can show.
type firstLayer struct {
	Heading    string            `yaml:"heading"`
	Body       string            `yaml:"body"`
	AcceptAll  string            `yaml:"accept_all"`
	RejectAll  string            `yaml:"reject_all"`
	Choose     string            `yaml:"choose"`
	Settings   string            `yaml:"settings"`
	Changed    string            `yaml:"changed"`
	GPC        string            `yaml:"gpc"`
	Honoured   string            `yaml:"gpc_honoured"`
	Override   string            `yaml:"gpc_override"`
	SaveFailed string            `yaml:"save_failed"`
	Retry      string            `yaml:"retry"`
	Saved      string            `yaml:"saved"`
	Bodies     map[string]string `yaml:"bodies"`
}

// Every sentence of layer one, in every language but English, was read back into
// English; the file ties what was understood to the very sentence.
func TestEverySentenceOfLayerOneWasReadBack(t *testing.T) {
	reviewed := backTranslations(t)
	for _, locale := range delivered(t) {
		if locale == "en" {
			continue
		}
		said := make(map[string]bool)
		for _, sentence := range layerOneSentences(t, locale) {
			said[sentence] = true
			if reviewed[locale][sentence] == "" {
				t.Errorf("%s: nobody has read %q yet: put it into testdata/backtranslations.golden, with what it says in English", locale, sentence)
			}
		}
		for sentence := range reviewed[locale] {
			if !said[sentence] {
				t.Errorf("%s: %q is reviewed in testdata/backtranslations.golden but said no more; remove it there", locale, sentence)
			}
		}
		delete(reviewed, locale)
	}
	for locale := range reviewed {
		t.Errorf("testdata/backtranslations.golden reviews %q, which is no language here", locale)
	}
}

func delivered(t *testing.T) []string {
	t.Helper()
	entries, err := components.Locales.ReadDir("locales")
	if err != nil {
		t.Fatal(err)
	}
	var locales []string
	for _, entry := range entries {
		locales = append(locales, strings.TrimSuffix(entry.Name(), ".yaml"))
	}
	return locales
}

func layerOne(t *testing.T, locale string) firstLayer {
	t.Helper()
	source, err := components.Locales.ReadFile("locales/" + locale + ".yaml")
	if err != nil {
		t.Fatal(err)
	}
	var f firstLayer
	if err := yaml.Unmarshal(source, &f); err != nil {
		t.Fatalf("%s: %v", locale, err)
	}
	return f
}

func layerOneSentences(t *testing.T, locale string) []string {
	t.Helper()
	f := layerOne(t, locale)
	texts := []string{f.Heading, f.Body, f.AcceptAll, f.RejectAll, f.Choose, f.Settings, f.Changed, f.GPC, f.Honoured, f.Override, f.SaveFailed, f.Retry, f.Saved}
	texts = slices.AppendSeq(texts, maps.Values(f.Bodies))
	var sentences []string
	for _, text := range texts {
		for _, sentence := range regexp.MustCompile(`[^.?!。।]+[.?!。।]?`).FindAllString(text, -1) {
			sentences = append(sentences, strings.TrimSpace(sentence))
		}
	}
	return sentences
}

// backTranslations reads the file: a [tag], then each sentence and, below it
// behind a tab, what it says.
func backTranslations(t *testing.T) map[string]map[string]string {
	t.Helper()
	source, err := os.ReadFile("testdata/backtranslations.golden")
	if err != nil {
		t.Fatal(err)
	}
	all := make(map[string]map[string]string)
	var locale, sentence string
	for line := range strings.Lines(string(source)) {
		line = strings.TrimSuffix(line, "\n")
		switch {
		case line == "" || strings.HasPrefix(line, "#"):
		case strings.HasPrefix(line, "["):
			locale = strings.Trim(line, "[]")
			all[locale] = make(map[string]string)
		case strings.HasPrefix(line, "\t"):
			all[locale][sentence] = strings.TrimSpace(line)
		default:
			sentence = line
		}
	}
	return all
}
