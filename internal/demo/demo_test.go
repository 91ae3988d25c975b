package demo

import (
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// start serves a shop in front of an upstream that answers with what it was asked.
func start(t *testing.T) (shop, vendors string) {
	t.Helper()
	upstream := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_ = json.NewEncoder(w).Encode([]string{r.URL.Path, r.Host, r.Header.Get("X-Forwarded-Host"), r.Header.Get("X-Forwarded-Proto"), r.Header.Get("X-Forwarded-For")})
	}))
	t.Cleanup(upstream.Close)
	v := httptest.NewServer(Vendors())
	t.Cleanup(v.Close)
	target, err := url.Parse(upstream.URL)
	if err != nil {
		t.Fatal(err)
	}
	s := httptest.NewServer(Shop(Options{Upstream: target, Prefix: "/privacy", VendorBase: v.URL}))
	t.Cleanup(s.Close)
	return s.URL, v.URL
}

func get(t *testing.T, address string) (int, http.Header, string) {
	t.Helper()
	answer, err := http.Get(address)
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	body, err := io.ReadAll(answer.Body)
	if err != nil {
		t.Fatal(err)
	}
	return answer.StatusCode, answer.Header, string(body)
}

var everyPage = []string{"/", "/shop/hill-kyusu", "/shop/moon-jar", "/journal/three-infusions", "/basket", "/about", "/thanks", "/nowhere", "/shop/nothing"}

// Every page has the gate before anything else that loads, a way to the settings
// with and without scripts, and sets no cookie.
func TestEveryPageCarriesTheGateFirst(t *testing.T) {
	shop, _ := start(t)
	loads := regexp.MustCompile(`<(script|link|img|iframe)[^>]*\s(src|href)="[^"]*"[^>]*>`)
	for _, path := range everyPage {
		status, header, body := get(t, shop+path)
		want := http.StatusOK
		if strings.HasSuffix(path, "nowhere") || strings.HasSuffix(path, "nothing") {
			want = http.StatusNotFound
		}
		if status != want {
			t.Errorf("%s: status %d, want %d", path, status, want)
		}
		if first := loads.FindString(body); first != `<script src="/privacy/gate.js">` {
			t.Errorf("%s: the first thing loaded is %s", path, first)
		}
		for _, part := range []string{`href="#consentry-settings"`, `<noscript>`, `/privacy/choices?back=%2f`} {
			if !strings.Contains(body, part) {
				t.Errorf("%s: %s is missing", path, part)
			}
		}
		if cookies := header.Values("Set-Cookie"); len(cookies) > 0 {
			t.Errorf("%s sets cookies: %v", path, cookies)
		}
	}
}

// A vendor's address stands in a page only where no browser fetches it: in
// data-src or inside a marked script. A template alone does not keep Firefox
// from preloading what it holds.
func TestVendorsStandInMarkedFormOnly(t *testing.T) {
	shop, vendors := start(t)
	marked := regexp.MustCompile(`(?s)<script type="text/plain" data-consent="[a-z0-9:-]+".*?</script>|<iframe data-consent="[a-z0-9:-]+" data-src="[^"]*"|data-vendors="[^"]*"`)
	for _, path := range everyPage {
		_, _, body := get(t, shop+path)
		if !strings.Contains(body, vendors) {
			t.Errorf("%s names no vendor at all", path)
		}
		if rest := marked.ReplaceAllString(body, ""); strings.Contains(rest, vendors) {
			t.Errorf("%s: a vendor's address stands outside marked tags", path)
		}
	}
}

// The panel lists exactly the services that the page marks.
func TestPanelListsTheMarkedServices(t *testing.T) {
	shop, _ := start(t)
	service := regexp.MustCompile(`data-consent="([a-z0-9:-]+)"`)
	line := regexp.MustCompile(`<li data-tag="([a-z0-9-]+)"[^>]*><i></i><span>[^<]*<small>([a-z]+)</small>`)
	for _, path := range everyPage {
		_, _, body := get(t, shop+path)
		var onPage, listed []string
		for _, m := range service.FindAllStringSubmatch(body, -1) {
			onPage = append(onPage, m[1])
		}
		for _, m := range line.FindAllStringSubmatch(body, -1) {
			listed = append(listed, m[2]+":"+m[1])
		}
		slices.Sort(onPage)
		slices.Sort(listed)
		if onPage = slices.Compact(onPage); !slices.Equal(onPage, listed) {
			t.Errorf("%s marks %v, the panel lists %v", path, onPage, listed)
		}
	}
}

// The prefix reaches Consentry unstripped, with the visitor's host and the
// forwarding headers of a real proxy.
func TestShopProxiesThePrefix(t *testing.T) {
	shop, _ := start(t)
	_, _, body := get(t, shop+"/privacy/receipts/mine?x=1")
	var saw []string
	if err := json.Unmarshal([]byte(body), &saw); err != nil {
		t.Fatal(err)
	}
	host := strings.TrimPrefix(shop, "http://")
	if want := []string{"/privacy/receipts/mine", host, host, "http", "127.0.0.1"}; !slices.Equal(saw, want) {
		t.Errorf("upstream saw %v, want %v", saw, want)
	}
}

// With Consentry away, the shop's pages are served and the prefix answers 502.
func TestShopOutlivesConsentry(t *testing.T) {
	gone := httptest.NewServer(http.NotFoundHandler())
	target, err := url.Parse(gone.URL)
	if err != nil {
		t.Fatal(err)
	}
	gone.Close()
	shop := httptest.NewServer(Shop(Options{Upstream: target, Prefix: "/privacy", VendorBase: "http://127.0.0.1:1"}))
	t.Cleanup(shop.Close)
	if status, _, _ := get(t, shop.URL+"/"); status != http.StatusOK {
		t.Errorf("home page: status %d", status)
	}
	if status, _, _ := get(t, shop.URL+"/privacy/gate.js"); status != http.StatusBadGateway {
		t.Errorf("gate: status %d", status)
	}
}

// The stand-ins list what reached them in order, and forget it on DELETE.
func TestVendorsRecordEveryRequest(t *testing.T) {
	_, vendors := start(t)
	request, err := http.NewRequest(http.MethodGet, vendors+"/www.googletagmanager.com/gtag/js?id=G-DEMO", nil)
	if err != nil {
		t.Fatal(err)
	}
	request.Header.Set("Referer", "http://localhost:8080/basket")
	answer, err := http.DefaultClient.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	answer.Body.Close()
	if kind := answer.Header.Get("Content-Type"); !strings.HasPrefix(kind, "text/javascript") {
		t.Errorf("gtag.js is served as %q", kind)
	}
	get(t, vendors+"/www.youtube-nocookie.com/embed/k1lnAndL3af")
	get(t, vendors+"/unknown.example/x.js")
	want := []Sighting{{"/www.googletagmanager.com/gtag/js", "/basket"}, {"/www.youtube-nocookie.com/embed/k1lnAndL3af", ""}, {"/unknown.example/x.js", ""}}
	if saw := sightings(t, vendors); !slices.Equal(saw, want) {
		t.Errorf("recorded %v, want %v", saw, want)
	}
	forget, _ := http.NewRequest(http.MethodDelete, vendors+"/_requests", nil)
	if answer, err = http.DefaultClient.Do(forget); err != nil {
		t.Fatal(err)
	}
	answer.Body.Close()
	if saw := sightings(t, vendors); len(saw) != 0 {
		t.Errorf("after DELETE there are still %v", saw)
	}
}

func sightings(t *testing.T, vendors string) []Sighting {
	t.Helper()
	_, _, body := get(t, vendors+"/_requests")
	var list []Sighting
	if err := json.Unmarshal([]byte(body), &list); err != nil {
		t.Fatal(err)
	}
	return list
}

// The site file names the origin that the demo was started at, and no other.
func TestSiteFileNamesTheOrigin(t *testing.T) {
	text := string(SiteFile("http://localhost:4711"))
	if !strings.Contains(text, "origins: [http://localhost:4711]") || strings.Contains(text, "8080") {
		t.Errorf("the origin was not put in:\n%s", text)
	}
}
