package dashboard_test

import (
	"context"
	"fmt"
	"html"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/consentry/consentry/internal/consent"
	"github.com/consentry/consentry/internal/doctor"
)

const theGate = "(()=>{})()"

// examine is what the program does with a page.
func (d *desk) examine(ctx context.Context, site *consent.Site, page *url.URL) ([]doctor.Finding, error) {
	client := doctor.ReachOf(site).Client(10 * time.Second)
	return doctor.Visit{Client: client, Page: page, Site: site, Gates: []string{theGate}, Frozen: "frozen"}.Run(ctx)
}

// shopfront is an owner's web server, whose shop the desk then serves.
type shopfront struct {
	*httptest.Server
	head  atomic.Pointer[string]
	asked atomic.Int32
}

func (d *desk) shopfront(head string) *shopfront {
	d.t.Helper()
	s := new(shopfront)
	s.head.Store(&head)
	mux := http.NewServeMux()
	mux.HandleFunc("/privacy/gate.js", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/javascript")
		_, _ = w.Write([]byte(theGate))
	})
	mux.HandleFunc("/", func(w http.ResponseWriter, r *http.Request) {
		s.asked.Add(1)
		if to := r.URL.Query().Get("to"); to != "" {
			http.Redirect(w, r, to, http.StatusFound)
			return
		}
		fmt.Fprintf(w, "<!doctype html><head>%s</head><h1>Shop</h1>", *s.head.Load())
	})
	s.Server = httptest.NewServer(mux)
	d.t.Cleanup(s.Close)
	moved := *d.sites[0]
	moved.Deployment.Origins = []string{s.URL, "https://shop.invalid"}
	d.sites[0] = &moved
	return s
}

const desksInstallation = "/admin/sites/shop/installation"

func (d *desk) lookAt(page string) answer {
	d.t.Helper()
	return d.post(desksInstallation, url.Values{"page": {page}})
}

// An owner sees of a page what the command says of it, word for word.
func TestAnOwnerSeesWhetherASiteIsInstalledRight(t *testing.T) {
	d := newDesk(t)
	d.in()
	s := d.shopfront(`<script src="https://vendor.example/<b>a.js"></script><script src="/privacy/gate.js"></script>`)
	d.want(d.get(desksInstallation), http.StatusOK, `value="`+s.URL+`/"`)
	d.want(d.get(desksInstallation), http.StatusOK, "In the last 7 days nothing was counted")
	d.want(d.get("/admin/sites/shop"), http.StatusOK, `href="`+desksInstallation+`"`)
	d.visit(start, 12, 4, 2)
	d.visit(start.AddDate(0, 0, -7), 50, 10, 15)
	d.settle()
	for _, page := range []string{s.URL + "/shop?x=1#top", "/shop?x=1", ""} {
		got := d.lookAt(page)
		d.want(got, http.StatusOK, "In the last 7 days people saw 12 banners")
		at, err := url.Parse(s.URL + "/")
		if err != nil {
			t.Fatal(err)
		}
		findings, err := d.examine(t.Context(), d.sites[0], at)
		if err != nil || !slices.ContainsFunc(findings, func(f doctor.Finding) bool { return f.Level == doctor.Wrong && f.Mend != "" }) {
			t.Fatalf("%+v, %v", findings, err)
		}
		read := html.UnescapeString(got.body)
		for _, f := range findings {
			if !strings.Contains(read, f.Says) || !strings.Contains(read, f.Mend) {
				t.Errorf("%q: not told: %+v", page, f)
			}
		}
		if strings.Contains(got.body, "<b>a.js") {
			t.Error("a page's markup is markup here")
		}
	}
	head := `<script src="/privacy/gate.js"></script>`
	s.head.Store(&head)
	d.want(d.lookAt("/"), http.StatusOK, "Nothing that loads stands before it.")
}

// leak counts pages whose requests had reached services that nobody permitted.
func (d *desk) leak(n int64, automated bool, services ...string) {
	d.t.Helper()
	shown := consent.Impression{
		Moment: consent.Moment{Time: start, Zone: time.UTC}, Locale: "en", Layout: "bar", Regime: consent.OptIn, Form: "phone", Notice: "notice-1",
		Automated: automated, Leaked: services,
	}
	list := shown.Counts()
	for i := range list {
		list[i].N = n
	}
	if err := d.store.AddCounts(d.t.Context(), "shop", list); err != nil {
		d.t.Fatal(err)
	}
}

// gate gives the desk's shop a gate of that mode.
func (d *desk) gate(mode string) {
	other := *d.sites[0]
	other.Deployment.Gate = mode
	d.sites[0] = &other
}

// An owner sees which services pages asked before anybody permitted it, and how often.
func TestAnOwnerSeesWhatLeaks(t *testing.T) {
	d := newDesk(t)
	d.in()
	d.gate(consent.GateMarked)
	d.want(d.get(desksInstallation), http.StatusOK, "Leaks are not counted with <code>gate: marked</code>")
	d.gate(consent.GateKnown)
	d.want(d.get(desksInstallation), http.StatusOK, "None seen: in the last 7 days no banner was shown")
	d.visit(start, 20, 4, 2)
	d.visit(start.AddDate(0, 0, -7), 50, 10, 15)
	d.settle()
	d.want(d.get(desksInstallation), http.StatusOK, "None seen in the last 7 days, beside 20 banners")
	d.leak(12, false, "ga4", "youtube")
	d.leak(9, false, "addtoany")
	d.leak(3, true, "ga4", "gone")
	got := d.get(desksInstallation)
	for range 100 { // the store may hold counters back
		if strings.Contains(got.body, "<code>gone</code>") {
			break
		}
		time.Sleep(50 * time.Millisecond)
		got = d.get(desksInstallation)
	}
	for _, told := range []string{
		"Of 41 banners that people saw:", "<code>ga4</code></h3><p>on the pages of 12 banners, and on 3 pages opened by programs</p>",
		"<code>youtube</code></h3><p>on the pages of 12 banners</p>", "<code>addtoany</code></h3><p>on the pages of fewer than 10 banners</p>",
		"<h3>gone <code>gone</code></h3><p>on 3 pages opened by programs alone</p>", "put the gate’s tag first in the head",
	} {
		d.want(got, http.StatusOK, told)
	}
	if strings.Contains(got.body, "None seen") {
		t.Error("none are seen beside those that were")
	}
	token := d.mint("figures", "marketer", "30", "shop")
	read := client{d, theContract(t), token}.get("/api/v1/sites/shop/rates?days=7")
	d.want(read, http.StatusOK, `"leaks":[{"service":"ga4","banners":12,"few":false,"automated_banners":3},{"service":"youtube","banners":12,"few":false,"automated_banners":0},`+
		`{"service":"addtoany","banners":0,"few":true,"automated_banners":0},{"service":"gone","banners":0,"few":false,"automated_banners":3}]`)
	of := client{d, theContract(t), token}.get("/api/v1/sites/shop/rates?days=7&kind=first")
	d.want(of, http.StatusOK, `"leaks":[]`)
}

// No address but the site's own is asked, at once or by being led there.
func TestTheDashboardAsksNobodyElse(t *testing.T) {
	d := newDesk(t)
	d.in()
	s := d.shopfront("")
	inner := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { t.Error("another server was asked") }))
	t.Cleanup(inner.Close)
	for _, page := range []string{
		inner.URL, "//" + inner.Listener.Addr().String() + "/", "http://169.254.169.254/latest/meta-data/", "file:///etc/passwd", "javascript:alert(1)",
		strings.Replace(s.URL, "http:", "https:", 1), strings.Replace(s.URL, "//", "//a:b@", 1), s.URL + ".evil.example/", "http://[::1", "/\x00", "/" + strings.Repeat("a", 2000),
	} {
		d.want(d.lookAt(page), http.StatusUnprocessableEntity, "This is no page of the site.")
	}
	if s.asked.Load() != 0 {
		t.Error("the site was asked all the same")
	}
	for _, to := range []string{inner.URL, "http://169.254.169.254/", "file:///etc/passwd"} {
		d.want(d.lookAt("/?to="+url.QueryEscape(to)), http.StatusOK, "The page could not be looked at")
		d.want(d.lookAt("/?to="+url.QueryEscape(to)), http.StatusOK, "only they are asked")
	}
	d.want(d.lookAt("https://shop.invalid/"), http.StatusOK, "The page could not be looked at")
	d.want(d.lookAt("/?to=/?to=/?to=/"), http.StatusOK, "does not load the gate")
}
