package main

import (
	"embed"
	"fmt"
	"io"
	"net"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"text/template"

	"github.com/consentry/consentry/internal/consent"
)

//go:embed snippets
var snippetFiles embed.FS

// proxies are the web servers that snippet knows, and their templates.
var proxies = [...]struct{ name, title, file string }{
	{"nginx", "nginx", "nginx.conf.tmpl"}, {"caddy", "Caddy", "Caddyfile.tmpl"}, {"traefik", "Traefik", "traefik.yaml.tmpl"},
}

// snippet is what the templates print from: one site in one deployment mode
// behind one server.
type snippet struct {
	Site          string
	Base          string // how a page addresses Consentry
	Path          string // prefix of every address on the proxied host
	PathPattern   string // Path as a regular expression
	Host          string // that the proxy serves it under, without port
	Here          string // the same as an origin
	HostVariable  string // nginx's, with the port when the origin has one
	Upstream      string // where Consentry listens
	PageElsewhere bool   // modes B and C: the pages are on another host
	Remembered    bool   // a choice made without JavaScript can be kept
	Settings      string // label of the link that reopens the choice
	Services      []tag
	Script, Embed *tag   // one service to show each form of marked tag with
	Inline        string // the script that the page holds
	Hash          string // of the same, as a Content-Security-Policy names it
	Gate          string // its frozen script's name
	Integrity     string // of the same
	Nonce         string // attribute of every script element, with a space before it
	Consent       string // JSON: which Consent Mode key follows which category
}

// tag is one service as a page names it.
type tag struct{ Mark, Padding, Name, Host string }

// newSnippet describes a site for the templates. listen is the server's address.
func newSnippet(site *consent.Site, listen string) (*snippet, error) {
	d := site.Deployment
	origin, err := url.Parse(d.Origins[0])
	if err != nil {
		return nil, fmt.Errorf("origin of site %s: %w", site.ID, err)
	}
	s := &snippet{
		Site: site.ID, Upstream: dialable(listen), Path: d.Prefix, Base: site.Base(),
		PageElsewhere: d.Mode != consent.ModePath, Remembered: d.Mode != consent.ModeRemote,
		Settings: site.Texts[site.Locales[0]].Settings,
	}
	if s.PageElsewhere {
		origin.Host = d.Host
	}
	if d.Mode == consent.ModeRemote {
		s.Path = "/s/" + site.ID
	}
	s.Host, s.Here, s.HostVariable = origin.Hostname(), origin.Scheme+"://"+origin.Host, "$host"
	if origin.Port() != "" {
		s.HostVariable = "$host:$server_port"
	}
	s.PathPattern = regexp.QuoteMeta(s.Path)
	s.addServices(site.Policy)
	return s, nil
}

func (s *snippet) addServices(p *consent.Policy) {
	longest := 0
	for _, c := range p.Optional() {
		for _, service := range c.Services {
			t := tag{Mark: c.ID + ":" + service.ID, Name: service.Name, Host: exampleHost(service.Hosts)}
			longest = max(longest, len(t.Mark))
			s.Services = append(s.Services, t)
		}
	}
	for i := range s.Services {
		s.Services[i].Padding = strings.Repeat(" ", longest-len(s.Services[i].Mark))
	}
	if len(s.Services) > 0 {
		s.Script = &s.Services[0]
		s.Embed = &s.Services[len(s.Services)-1]
	}
}

// exampleHost picks a host that can stand in an address: a pattern for
// subdomains cannot.
func exampleHost(hosts []string) string {
	i := slices.IndexFunc(hosts, func(h string) bool { return !strings.Contains(h, "*") })
	if i < 0 {
		return "…"
	}
	host, _, _ := strings.Cut(hosts[i], "/")
	return host
}

// dialable turns an address to listen on into one to connect to on the same
// machine.
func dialable(listen string) string {
	host, port, err := net.SplitHostPort(listen)
	if err != nil {
		return listen
	}
	if ip := net.ParseIP(host); host == "" || (ip != nil && ip.IsUnspecified()) {
		host = "127.0.0.1"
	}
	return net.JoinHostPort(host, port)
}

// print writes one of the embedded templates.
func (s *snippet) print(w io.Writer, file string) error {
	t, err := template.New(file).Funcs(template.FuncMap{"php": phpText}).ParseFS(snippetFiles, "snippets/"+file)
	if err != nil {
		return err
	}
	return t.Execute(w, s)
}

// phpText makes text safe between single quotes and in a comment of PHP.
func phpText(text string) string {
	return strings.NewReplacer(`\`, `\\`, `'`, `\'`, "*/", "* /", "?>", "? >").Replace(text)
}

// global is something on window that the tag template may touch, or call.
type global struct {
	Name  string
	Touch bool
}

// Globals are what the tag template uses of the gate.
func (s *snippet) Globals() []global {
	return []global{{"consentry", true}, {"consentry.permits", false}, {"consentry.on", false}}
}

// ConsentTypes are the keys that the tag template sets.
func (s *snippet) ConsentTypes() []string { return consent.SignalKeys() }

// inMode returns the site as it would be in another deployment mode, with
// addresses that are examples where the site's file names none.
func inMode(site *consent.Site, mode consent.Mode) *consent.Site {
	if mode == site.Deployment.Mode {
		return site
	}
	other := *site
	d := &other.Deployment
	d.Mode = mode
	if mode == consent.ModePath {
		d.Host = ""
		if d.Prefix == "" {
			d.Prefix = "/privacy"
		}
		return &other
	}
	d.Prefix, d.Host = "", "privacy.example.net"
	if mode == consent.ModeSubdomain {
		d.Host = "privacy." + pageDomain(d.Origins[0])
	}
	return &other
}

func pageDomain(origin string) string {
	u, err := url.Parse(origin)
	if err != nil {
		return "example.com"
	}
	return strings.TrimPrefix(u.Hostname(), "www.")
}
