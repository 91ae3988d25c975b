package templates_test

import (
	"bytes"
	"encoding/json"
	"reflect"
	"testing"

	"golang.org/x/net/html"

	"github.com/consentry/consentry/internal/consent"
	"github.com/consentry/consentry/templates"
)

// elements finds those of one name on a page.
func elements(t *testing.T, page []byte, name string) (found []*html.Node) {
	t.Helper()
	root, err := html.Parse(bytes.NewReader(page))
	if err != nil {
		t.Fatal(err)
	}
	for n := range root.Descendants() {
		if n.Type == html.ElementNode && n.Data == name {
			found = append(found, n)
		}
	}
	return found
}

// The page says that it shows everything, and does so without a script.
func TestAReceiptShowsWholeRecords(t *testing.T) {
	p := receiptIn(shop(t), "ar")
	p.Entries[0].Record.Signals = consent.Signals{GPC: true, Source: "header"}
	shown := elements(t, rendered(t, templates.Receipt(p)), "pre")
	if len(shown) != 2 { // the third was erased
		t.Fatalf("%d records are shown whole, want 2", len(shown))
	}
	for i, pre := range shown {
		var got consent.Record
		if err := json.Unmarshal([]byte(pre.FirstChild.Data), &got); err != nil || !reflect.DeepEqual(&got, p.Entries[i].Record) {
			t.Errorf("%v: shown is\n%+v\nwant\n%+v", err, got, *p.Entries[i].Record)
		}
		if attribute(pre, "dir") != "ltr" || attribute(pre, "lang") != "en" {
			t.Error("JSON has neither the page's language nor its direction")
		}
	}
}

// What cannot be undone stands alone in its form.
func TestTheFormThatErasesHoldsItsButtonAlone(t *testing.T) {
	for _, form := range elements(t, rendered(t, templates.Receipt(receipt(shop(t)))), "form") {
		for n := range form.Descendants() {
			if n.Data == "a" {
				t.Error("a form has a link beside its button")
			}
		}
	}
}
