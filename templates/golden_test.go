package templates_test

import (
	"bytes"
	"context"
	"flag"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"golang.org/x/net/html"

	"github.com/consentry/consentry/internal/catalogue"
	"github.com/consentry/consentry/internal/consent"
	"github.com/consentry/consentry/internal/siteconfig"
	"github.com/consentry/consentry/templates"
)

var (
	update = flag.Bool("update", false, "write the golden pages anew")
	lookAt = flag.String("pages", "", "folder to write whole pages to, for looking at them in a browser")
)

const testNonce = "bm9uY2U"

// Every page is compared with the one that was looked at last. After a wanted
// change, run the test with -update and -pages DIR, and look at the pages in DIR.
// The golden files leave the style sheet out.
func TestPagesAreTheOnesThatWereLookedAt(t *testing.T) {
	for name, page := range goldenPages(t) {
		t.Run(name, func(t *testing.T) {
			whole := rendered(t, page)
			if *lookAt != "" {
				if err := os.WriteFile(filepath.Join(*lookAt, name+".html"), whole, 0o644); err != nil {
					t.Fatal(err)
				}
			}
			got := styleSheet.ReplaceAll(whole, []byte("$1…$2"))
			got = bytes.ReplaceAll(got, []byte(templates.Script().Name), []byte("….js"))
			file := filepath.Join("testdata", "golden", name+".html")
			if *update {
				if err := os.WriteFile(file, got, 0o644); err != nil {
					t.Fatal(err)
				}
			}
			want, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			if !bytes.Equal(got, want) {
				t.Errorf("the page differs from %s near %q", file, firstDifference(got, want))
			}
		})
	}
}

var styleSheet = regexp.MustCompile(`(?s)(<style[^>]*>).*?(</style>)`)

// A page that needs a script from elsewhere, a second style element or a style
// attribute would be broken by its own Content-Security-Policy.
func TestPagesWorkUnderTheirOwnPolicy(t *testing.T) {
	for name, page := range goldenPages(t) {
		t.Run(name, func(t *testing.T) {
			styles := 0
			ids := map[string]bool{}
			root, err := html.Parse(bytes.NewReader(rendered(t, page)))
			if err != nil {
				t.Fatal(err)
			}
			for n := range root.Descendants() {
				if n.Type != html.ElementNode {
					continue
				}
				switch n.Data {
				case "script":
					if attribute(n, "nonce") != testNonce || attribute(n, "src") != templates.Script().Address() || attribute(n, "type") != "" {
						t.Error("a script that is not of the page, or does not carry the nonce")
					}
				case "link":
					if attribute(n, "rel") != "icon" || attribute(n, "href") != "/admin/icon.svg" {
						t.Error("a link element that is not the icon's")
					}
				case "img", "iframe", "base":
					t.Errorf("the page has a %s element", n.Data)
				case "style":
					styles++
					if attribute(n, "nonce") != testNonce {
						t.Error("the style element does not carry the nonce")
					}
				}
				for _, a := range n.Attr {
					if a.Key == "style" || strings.HasPrefix(a.Key, "on") {
						t.Errorf("%s has the attribute %s", n.Data, a.Key)
					}
				}
				if id := attribute(n, "id"); id != "" && ids[id] {
					t.Errorf("the id %q stands twice", id)
				} else {
					ids[id] = true
				}
			}
			if want := styleElements(name); styles != want {
				t.Errorf("%d style elements, want %d", styles, want)
			}
			checkReferences(t, root, ids)
		})
	}
}

// styleElements is how many a page has: one, and none in a part of a page that is open.
func styleElements(name string) int {
	if strings.HasSuffix(name, "-part") {
		return 0
	}
	return 1
}

// checkReferences holds aria-labelledby, aria-describedby and for against the ids.
func checkReferences(t *testing.T, root *html.Node, ids map[string]bool) {
	t.Helper()
	for n := range root.Descendants() {
		for _, key := range []string{"aria-labelledby", "aria-describedby", "for"} {
			for _, id := range strings.Fields(attribute(n, key)) {
				if !ids[id] {
					t.Errorf("%s of %s names the id %q, which nothing has", key, n.Data, id)
				}
			}
		}
		if n.Data == "input" && attribute(n, "type") == "checkbox" && attribute(n, "aria-labelledby") == "" {
			t.Errorf("the checkbox %s has no name", attribute(n, "name"))
		}
	}
}

func attribute(n *html.Node, key string) string {
	for _, a := range n.Attr {
		if a.Key == key {
			return a.Val
		}
	}
	return ""
}

type page interface {
	Render(ctx context.Context, w io.Writer) error
}

func rendered(t *testing.T, p page) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := p.Render(t.Context(), &b); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func firstDifference(a, b []byte) string {
	i := 0
	for i < len(a) && i < len(b) && a[i] == b[i] {
		i++
	}
	return string(a[max(0, i-40):min(len(a), i+80)])
}

func goldenPages(t *testing.T) map[string]page {
	t.Helper()
	pages := visitorPages(t)
	for name, p := range operatorPages() {
		pages[name] = p
	}
	for name, p := range deskPages() {
		pages[name] = p
	}
	for name, p := range experimentPages(t) {
		pages[name] = p
	}
	return pages
}

// shop is the site of testdata/shop.yaml with the built-in texts.
func shop(t *testing.T) *consent.Site {
	t.Helper()
	src, err := os.ReadFile("testdata/shop.yaml")
	if err != nil {
		t.Fatal(err)
	}
	site, problems := siteconfig.LoadSite("shop.yaml", src, catalogue.Files, os.DirFS("../components"))
	for _, p := range problems {
		if !p.Warning {
			t.Error(p)
		}
	}
	if site == nil {
		t.FailNow()
	}
	return site
}

var now = time.Date(2026, 11, 22, 10, 30, 0, 0, time.UTC)

func visitorPages(t *testing.T) map[string]page {
	t.Helper()
	site := shop(t)
	first := choices(site, "en")
	first.GPC = true
	return map[string]page{
		"choices-first":   templates.Choices(first),
		"choices-saved":   templates.Choices(decidedChoices(site)),
		"choices-again":   templates.Choices(againChoices(site)),
		"choices-failed":  templates.Choices(failedChoices(site)),
		"choices-out":     templates.Choices(presumedChoices(site, false)),
		"choices-out-gpc": templates.Choices(presumedChoices(site, true)),
		"choices-child":   templates.Choices(choices(withPolicy(site, func(p *consent.Policy) { p.ChildDirected = true }), "en")),
		"receipt":         templates.Receipt(receipt(site)),
		"receipt-asked":   templates.Receipt(askedReceipt(site)),
		"receipt-arabic":  templates.Receipt(receiptIn(site, "ar")),
		"receipt-erased":  templates.Receipt(erasedReceipt(site)),
		"receipt-nothing": templates.ReceiptNone(templates.ReceiptNonePage{Nonce: testNonce, Site: site, Locale: "de", Back: "/", Says: site.Texts["de"].ReceiptNone}),
	}
}

func choices(site *consent.Site, locale string) templates.ChoicesPage {
	form, err := templates.ChoicesForm(context.Background(), site, locale)
	if err != nil {
		panic(err)
	}
	return templates.ChoicesPage{
		Form: form, Frame: consent.NewFrame(site.Policy, "", "", nil, nil, consent.ServerVersion{}), Nonce: testNonce, Locale: locale, ID: consent.ID{1, 2, 3}, Back: "/products?page=2",
		Rendering: consent.Digest([]byte("rendering")), Now: now,
	}
}

// decidedChoices has analytics permitted but for one service, and share denied.
func decidedChoices(site *consent.Site) templates.ChoicesPage {
	p := choices(site, "de")
	p.Outcome, p.Receipt, p.Decided = templates.Saved, "/privacy/receipts/TOKEN", now.Add(-time.Hour)
	p.State = consent.State{
		Categories: map[string]consent.Choice{
			"analytics": {Status: consent.Granted, Digest: site.Policy.CategoryDigest("analytics")},
			"share":     {Status: consent.Denied, Digest: site.Policy.CategoryDigest("share")},
		},
		Services: map[string]consent.Status{"heat": consent.Denied},
		Expires:  now.AddDate(0, 6, 0),
	}
	return p
}

// againChoices has share answered under another notice.
func againChoices(site *consent.Site) templates.ChoicesPage {
	p := decidedChoices(site)
	p.Outcome = templates.Unsent
	p.State.Categories["share"] = consent.Choice{Status: consent.Granted, Digest: "another"}
	p.Since = map[string][]string{"share": {"+\u00a0Vimeo", "<YouTube>: VISITOR_INFO1_LIVE: 6 Monate → 2 Jahre"}}
	return p
}

func failedChoices(site *consent.Site) templates.ChoicesPage {
	p := choices(site, "en")
	p.Outcome = templates.Failed
	return p
}

func receipt(site *consent.Site) templates.ReceiptPage {
	record := func(id byte, event consent.Event, at time.Time, decisions ...consent.RecordDecision) templates.ReceiptEntry {
		r := &consent.Record{
			ID: consent.ID{id}, Controller: site.Policy.Controller, Event: event, Time: consent.At(at), Decisions: decisions,
			Notice:   consent.NoticeRef{Digest: site.Policy.NoticeDigest()},
			Validity: consent.Validity{Expires: consent.At(at.AddDate(0, 0, 180))},
		}
		return templates.ReceiptEntry{ID: r.ID, Time: at, Record: r}
	}
	decide := func(category, service string, status consent.Status, scope consent.Scope) consent.RecordDecision {
		return consent.RecordDecision{Category: category, Service: service, Status: status, Scope: scope}
	}
	always := decide(consent.Necessary, "", consent.Granted, consent.Keep)
	return templates.ReceiptPage{
		Nonce: testNonce, Site: site, Locale: "en", Back: "/",
		Files: []templates.ReceiptFile{{Name: "JSON", URL: "?format=json"}},
		Entries: []templates.ReceiptEntry{
			record(3, consent.Withdrawn, now, always, decide("analytics", "", consent.Granted, consent.Keep),
				decide("analytics", "heat", consent.Denied, consent.Keep), decide("share", "", consent.Denied, consent.Keep)),
			record(2, consent.Partial, now.Add(-48*time.Hour), always, decide("analytics", "", consent.Granted, consent.Keep),
				decide("share", "", consent.Denied, consent.Once), decide("share", "video", consent.Granted, consent.Once)),
			{ID: consent.ID{1}, Time: now.AddDate(0, -1, 0)},
		},
	}
}

func receiptIn(site *consent.Site, locale string) templates.ReceiptPage {
	p := receipt(site)
	p.Locale = locale
	return p
}

// askedReceipt has an objection and an erasure that wait, a correction that was
// refused, and a request that was just lost, since the store is away.
func askedReceipt(site *consent.Site) templates.ReceiptPage {
	p := receiptIn(site, "de")
	p.Failed, p.Partial = true, true
	refused := askedFor(consent.Correction, "not-me", 10*24*time.Hour)
	refused.Settled = &consent.Settlement{Reason: "record-right", At: consent.At(now)}
	p.Requests = []consent.Asked{askedFor(consent.Objection, "", time.Hour), refused, askedFor(consent.ErasureAsked, "", 2*time.Hour)}
	return p
}

func erasedReceipt(site *consent.Site) templates.ReceiptPage {
	p := receipt(site)
	p.Entries = p.Entries[2:]
	return p
}
