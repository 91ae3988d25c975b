// Package demo is a small shop with real vendor snippets in marked form, and local
// stand-ins for the vendors, so that the gate can be seen at work without the
// internet. It never talks to a real vendor, keeps no order and sets no cookie.
package demo

import (
	"bytes"
	"embed"
	"fmt"
	"html/template"
	"io/fs"
	"log/slog"
	"net"
	"net/http"
	"net/http/httputil"
	"net/url"
	"time"
)

//go:embed pages/*.html
var pageFiles embed.FS

//go:embed assets
var assetFiles embed.FS

// Options says where the shop's neighbours are. All fields but Log are needed.
type Options struct {
	Upstream   *url.URL // Consentry's public listener; the shop proxies Prefix to it
	Prefix     string   // path without trailing slash, as in the site file: /privacy
	VendorBase string   // origin of Vendors, without trailing slash
	Dashboard  string   // address of the operators' pages, linked in the panel; may be empty
	Log        *slog.Logger
}

// Shop serves the shop's pages and, under the prefix, Consentry, as the reverse
// proxy of a real owner would.
func Shop(opts Options) http.Handler {
	s := &shop{Options: opts, pages: parsePages()}
	mux := http.NewServeMux()
	mux.HandleFunc("GET /{$}", s.page("home", nil))
	mux.HandleFunc("GET /shop/{slug}", s.product)
	mux.HandleFunc("GET /journal/three-infusions", s.page("article", nil))
	mux.HandleFunc("GET /basket", s.page("basket", nil))
	mux.HandleFunc("GET /about", s.page("about", nil))
	mux.HandleFunc("POST /order", s.order)
	mux.HandleFunc("GET /thanks", s.page("thanks", nil))
	mux.Handle("GET /assets/", http.FileServerFS(assetFiles))
	mux.Handle(opts.Prefix+"/", s.proxy())
	mux.HandleFunc("/", s.lost)
	return mux
}

type shop struct {
	Options
	pages map[string]*template.Template
}

// view is what every page's template sees.
type view struct {
	Options
	Page     string // name of the template
	Path     string // of this page, for the way back from the choices page
	Goods    []Item
	Item     *Item // on a product page
	Delivery string
	Total    string
	Tags     []Tag // what this page carries, for the panel
}

func parsePages() map[string]*template.Template {
	shared := template.Must(template.ParseFS(pageFiles, "pages/layout.html", "pages/tags.html", "pages/panel.html", "pages/art-*.html"))
	pages := make(map[string]*template.Template)
	for _, name := range []string{"home", "product", "article", "basket", "about", "thanks", "lost"} {
		t := template.Must(shared.Clone())
		pages[name] = template.Must(t.ParseFS(pageFiles, "pages/"+name+".html"))
	}
	return pages
}

func (s *shop) page(name string, item *Item) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		s.write(w, http.StatusOK, view{Page: name, Path: r.URL.Path, Item: item})
	}
}

func (s *shop) product(w http.ResponseWriter, r *http.Request) {
	item := find(r.PathValue("slug"))
	if item == nil {
		s.lost(w, r)
		return
	}
	s.page("product", item)(w, r)
}

// order keeps nothing: there is nothing to deliver.
func (s *shop) order(w http.ResponseWriter, r *http.Request) {
	http.Redirect(w, r, "/thanks", http.StatusSeeOther)
}

func (s *shop) lost(w http.ResponseWriter, _ *http.Request) {
	s.write(w, http.StatusNotFound, view{Page: "lost", Path: "/"})
}

func (s *shop) write(w http.ResponseWriter, status int, v view) {
	v.Options, v.Goods, v.Tags = s.Options, goods(), tagsOn(v.Page)
	v.Delivery, v.Total = euros(deliveryCents), euros(basketCents())
	var body bytes.Buffer
	if err := s.pages[v.Page].ExecuteTemplate(&body, "layout", v); err != nil {
		s.complain("render page", err)
		http.Error(w, "This page could not be made.", http.StatusInternalServerError)
		return
	}
	h := w.Header()
	h.Set("Content-Type", "text/html; charset=utf-8")
	h.Set("Cache-Control", "no-cache")
	h.Set("X-Content-Type-Options", "nosniff")
	// A vendor that is permitted sees the page it runs on, as on many real shops.
	h.Set("Referrer-Policy", "no-referrer-when-downgrade")
	w.WriteHeader(status)
	_, _ = body.WriteTo(w)
}

// proxy passes the prefix on unstripped and gives up fast: a page never waits
// longer than a second for a server that is away.
func (s *shop) proxy() http.Handler {
	dialer := &net.Dialer{Timeout: time.Second}
	return &httputil.ReverseProxy{
		Rewrite: func(r *httputil.ProxyRequest) {
			r.SetURL(s.Upstream)
			r.SetXForwarded()
			r.Out.Host = r.In.Host
		},
		Transport: &http.Transport{
			DialContext:           dialer.DialContext,
			ResponseHeaderTimeout: 5 * time.Second,
			MaxIdleConnsPerHost:   16,
			IdleConnTimeout:       30 * time.Second,
		},
		ErrorHandler: func(w http.ResponseWriter, _ *http.Request, err error) {
			s.complain("proxy", err)
			http.Error(w, "The consent server is away. Nothing is switched on.", http.StatusBadGateway)
		},
		ErrorLog: slog.NewLogLogger(slog.DiscardHandler, slog.LevelError),
	}
}

func (s *shop) complain(what string, err error) {
	if s.Log != nil {
		s.Log.Error("demo shop", "what", what, "error", fmt.Sprintf("%T", err))
	}
}

func sub(files embed.FS, dir string) fs.FS {
	tree, err := fs.Sub(files, dir)
	if err != nil {
		panic(err) // the folder is embedded by a directive in this package
	}
	return tree
}
