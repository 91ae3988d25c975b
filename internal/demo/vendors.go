package demo

import (
	"embed"
	"encoding/json"
	"net/http"
	"net/url"
	"strings"
	"sync"
)

//go:embed vendors
var vendorFiles embed.FS

// Sighting is one request that reached a stand-in.
type Sighting struct {
	Path    string `json:"path"`    // host and path of the vendor: /www.googletagmanager.com/gtag/js
	Referer string `json:"referer"` // path of the page that caused it, "" when unknown
}

// maxSightings bounds the list; older ones are dropped first.
const maxSightings = 5000

// vendors keeps what reached the stand-ins, in the order of arrival.
type vendors struct {
	mu   sync.Mutex
	seen []Sighting
}

// Vendors serves the stand-ins, each under its vendor's host name as a path. GET
// /_requests lists every request that it got, oldest first; DELETE forgets them.
func Vendors() http.Handler {
	v := &vendors{seen: []Sighting{}}
	files := http.FileServerFS(sub(vendorFiles, "vendors"))
	mux := http.NewServeMux()
	mux.HandleFunc("GET /_requests", v.list)
	mux.HandleFunc("DELETE /_requests", v.forget)
	mux.Handle("/", v.record(stand(files)))
	return mux
}

// stand maps the vendors' addresses to the stand-ins' files. Addresses that only
// collect answer 204.
func stand(files http.Handler) http.Handler {
	serve := func(name string) http.HandlerFunc {
		return func(w http.ResponseWriter, r *http.Request) {
			r.URL.Path = "/" + name
			w.Header().Set("Cache-Control", "no-store")
			w.Header().Set("Access-Control-Allow-Origin", "*")
			files.ServeHTTP(w, r)
		}
	}
	collect := func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Access-Control-Allow-Origin", "*")
		w.WriteHeader(http.StatusNoContent)
	}
	mux := http.NewServeMux()
	mux.HandleFunc("/www.googletagmanager.com/gtag/js", serve("gtag.js"))
	mux.HandleFunc("/www.google-analytics.com/g/collect", collect)
	mux.HandleFunc("/matomo.example/matomo.js", serve("matomo.js"))
	mux.HandleFunc("/matomo.example/matomo.php", collect)
	mux.HandleFunc("/www.youtube-nocookie.com/embed/{video}", serve("youtube.html"))
	mux.HandleFunc("/static.addtoany.com/menu/page.js", serve("addtoany.js"))
	return mux
}

func (v *vendors) record(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		s := Sighting{Path: strings.Clone(r.URL.Path)}
		if from, err := url.Parse(r.Referer()); err == nil {
			s.Referer = from.Path
		}
		v.mu.Lock()
		if len(v.seen) >= maxSightings {
			v.seen = v.seen[1:]
		}
		v.seen = append(v.seen, s)
		v.mu.Unlock()
		next.ServeHTTP(w, r)
	})
}

func (v *vendors) list(w http.ResponseWriter, _ *http.Request) {
	v.mu.Lock()
	body, err := json.Marshal(v.seen)
	v.mu.Unlock()
	if err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Cache-Control", "no-store")
	_, _ = w.Write(body)
}

func (v *vendors) forget(w http.ResponseWriter, _ *http.Request) {
	v.mu.Lock()
	v.seen = []Sighting{}
	v.mu.Unlock()
	w.WriteHeader(http.StatusNoContent)
}
