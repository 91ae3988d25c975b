package siteconfig

import (
	"errors"
	"reflect"
	"strings"
	"testing"

	"github.com/consentry/consentry/internal/catalogue"
)

const triedFile = `# Our shop. Mind the lawyers.
id: shop
name: Example Shop
origins: [https://shop.example]
controller: {name: Example Shop Ltd, address: 1 High Street, contact: privacy@shop.example}
layout: card # as the designers want it
position: end

texts:
  # the bold one
  en:
    heading: "Cookies, briefly"
    body: |
      We ask about measurement
      and about videos.
    choose: Choose
# Started by Kim in December.
experiment:
  id: plain-card
  start: 2026-12-01
  variant:
    layout: dialog
    texts:
      en:
        heading: 'Yes: "no" is fine'
        body: One line about measurement.
        categories: {analytics: {title: Counting}}
      de:
        heading: Deine Wahl

# What we use.
categories:
  - {id: analytics, services: [ga4]} # only this
  - {id: share, services: [youtube]}
locales: [en, de]
`

// The variant's words and look take the place of what they replace; every other line
// stays, and the site is then what the variant was.
func TestAnAdoptedVariantIsWrittenIntoTheFile(t *testing.T) {
	before := load(t, triedFile)
	edited, err := EndExperiment("sites/shop.yaml", []byte(triedFile), "plain-card", true, catalogue.Files, locales)
	if err != nil {
		t.Fatal(err)
	}
	golden(t, "testdata/adopted.golden", string(edited))
	after := load(t, string(edited))
	if after.Experiment != nil || !alike(after, before.Experiment.Variant) || reflect.DeepEqual(after.Texts, before.Texts) {
		t.Error("the site is not the variant")
	}
	if after.Policy.NoticeDigest() != before.Policy.NoticeDigest() {
		t.Error("another notice is asked")
	}
}

// Ended without adopting it, the file only loses the experiment.
func TestAnExperimentThatEndsLeavesTheFileAsItWas(t *testing.T) {
	edited, err := EndExperiment("sites/shop.yaml", []byte(triedFile), "plain-card", false, catalogue.Files, locales)
	if err != nil {
		t.Fatal(err)
	}
	from, to := strings.Index(triedFile, "experiment:"), strings.Index(triedFile, "\n# What we use.")
	if want := triedFile[:from] + triedFile[to:]; string(edited) != want {
		t.Errorf("the file is\n%s\nnot\n%s", edited, want)
	}
}

// Files in other styles are changed rightly or not at all.
func TestAFileThatCannotBeChangedSafelyIsLeftToItsOwner(t *testing.T) {
	variant := "experiment: {id: x, start: 2026-12-01, variant: {layout: dialog, texts: {en: {heading: Your choice}}}}\n"
	tests := map[string]struct {
		src  string
		want error
	}{
		"nothing there yet":            {minimal + variant, nil},
		"the experiment comes first":   {variant + minimal, nil},
		"texts in block style":         {minimal + variant + "texts:\n    en:\n        body: A site that asks you.\n", nil},
		"a locale without a text":      {minimal + variant + "texts:\n  en:\n", nil},
		"texts on one line":            {minimal + variant + "texts: {en: {heading: Ours}}\n", ErrByHand},
		"a locale on one line":         {minimal + variant + "texts:\n  en: {body: A site that asks you.}\n", ErrByHand},
		"windows line ends":            {strings.ReplaceAll(minimal+"layout: card\n"+variant, "\n", "\r\n"), nil},
		"a brace on a line of its own": {minimal + "experiment: {\n  id: x, start: 2026-12-01, variant: {layout: dialog}\n}\n", ErrByHand},
		"no experiment":                {minimal, ErrNoExperiment},
		"another experiment":           {minimal + strings.Replace(variant, "id: x", "id: y", 1), ErrNoExperiment},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			edited, err := EndExperiment("sites/shop.yaml", []byte(test.src), "x", true, catalogue.Files, locales)
			if !errors.Is(err, test.want) {
				t.Fatalf("%v, want %v", err, test.want)
			}
			if err == nil && !alike(load(t, string(edited)), load(t, test.src).Experiment.Variant) {
				t.Errorf("the site is not the variant:\n%s", edited)
			}
		})
	}
}

// A comment behind a value is its owner's, whatever marks are in either.
func TestACommentBehindAnAdoptedValueStays(t *testing.T) {
	for value, comment := range map[string]string{
		"Cookies":            "# don't touch: legal",
		`"Cookies # here"`:   "# the lawyers' wording",
		`"A \" # mark"`:      "# quoted",
		"'It''s # yours'":    "# > 3 words | fewer",
		"Yours, isn't it":    "# plain",
		"|\n      Two\n    ": "",
	} {
		src := minimal + "texts:\n  en:\n    heading: " + value + " " + comment + "\nexperiment: {id: x, start: 2026-12-01, variant: {texts: {en: {heading: Ours}}}}\n"
		edited, err := EndExperiment("sites/shop.yaml", []byte(src), "x", true, catalogue.Files, locales)
		if err != nil {
			t.Errorf("%s: %v", value, err)
			continue
		}
		if want := strings.TrimRight("    heading: \"Ours\" "+comment, " ") + "\n"; !strings.Contains(string(edited), want) {
			t.Errorf("%s: the file is\n%s", value, edited)
		}
	}
}
