package main

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/goccy/go-yaml"

	"github.com/consentry/consentry/internal/consent"
	"github.com/consentry/consentry/internal/redisstore"
	"github.com/consentry/consentry/internal/siteconfig"
)

// The starter file shows every option, each with its default, so that the file and
// the program cannot drift apart. Only the retention is one that an installation
// without it does not get: nothing is purged that nobody has said may go.
func TestTheStarterFileIsTheDefaults(t *testing.T) {
	o := initOptions{site: "shop", name: "Shop", origin: "https://shop.example"}
	text, err := o.render("consentry.yaml.tmpl")
	if err != nil {
		t.Fatal(err)
	}
	var config ServerConfig
	if problems := siteconfig.Decode(configFile, text, &config); len(problems) > 0 {
		t.Fatal(problems)
	}
	if want := map[string]siteconfig.Duration{"standard": siteconfig.Duration(910 * 24 * time.Hour)}; !reflect.DeepEqual(config.Retention, want) {
		t.Errorf("the starter file keeps records for %v", config.Retention)
	}
	config.TrustedProxies, config.Anchors, config.Retention = nil, nil, nil // empty ones are as good as none
	if !reflect.DeepEqual(config, defaultConfig()) {
		t.Errorf("the starter file says\n%+v\nthe defaults are\n%+v", config, defaultConfig())
	}
	var shown map[string]any
	if err := yaml.Unmarshal(text, &shown); err != nil {
		t.Fatal(err)
	}
	for _, path := range optionPaths(reflect.TypeFor[ServerConfig](), "") {
		if !hasPath(shown, path) {
			t.Errorf("the starter file does not show %s", path)
		}
	}
}

func optionPaths(typ reflect.Type, prefix string) (paths []string) {
	for i := range typ.NumField() {
		f := typ.Field(i)
		if !f.IsExported() {
			continue
		}
		path := prefix + f.Tag.Get("yaml")
		paths = append(paths, path)
		if f.Type.Kind() == reflect.Struct {
			paths = append(paths, optionPaths(f.Type, path+".")...)
		}
	}
	return paths
}

func hasPath(tree map[string]any, path string) bool {
	head, rest, more := strings.Cut(path, ".")
	value, ok := tree[head]
	if !ok || !more {
		return ok
	}
	inner, ok := value.(map[string]any)
	return ok && hasPath(inner, rest)
}

// A name that YAML would read as something else arrives as it was typed.
func TestTheStarterSiteTakesAnyName(t *testing.T) {
	for _, name := range []string{"Shop", "Tea: House", `"quoted" \ # no comment`, "yes", "Café 東京", "{site}"} {
		o := initOptions{site: "shop", name: name, origin: "https://shop.example"}
		text, err := o.render("site.yaml.tmpl")
		if err != nil {
			t.Fatal(err)
		}
		var f siteconfig.SiteFile
		if problems := siteconfig.Decode("shop.yaml", text, &f); siteconfig.Failed(problems) {
			t.Errorf("%q: %v", name, problems)
		}
		if f.Name != name || f.ID != "shop" || f.Origins[0] != o.origin {
			t.Errorf("%q arrives as %q", name, f.Name)
		}
	}
}

// Both manuals exist for every field: a field without a comment is an error.
func TestEverySettingIsDocumented(t *testing.T) {
	if _, err := describeServer(); err != nil {
		t.Error(err)
	}
	if _, err := siteconfig.DescribeSite(); err != nil {
		t.Error(err)
	}
	for _, s := range schemas {
		text, err := s.write()
		if err != nil || !json.Valid(text) {
			t.Errorf("the schema of %s: %v", s.name, err)
		}
	}
}

// Each mistake in a server file is found, at its own line, without ever
// repeating the store's password.
func TestServerFileMistakes(t *testing.T) {
	cases := []struct{ file, want string }{
		{"listen: 8080", `consentry.yaml:1:1: listen must be text`},
		{"listen: localhost", "consentry.yaml:1:1: listen must be host:port"},
		{"listen: :99999", "consentry.yaml:1:1: listen must be host:port"},
		{"listen: :9000\nadmin_listen: :9000", "consentry.yaml:2:1: admin_listen is the same as listen"},
		{"admin_listen: 0.0.0.0:8081", "consentry.yaml:1:1: warning: the dashboard and metrics can be reached"},
		{"store: data/consentry.db", "consentry.yaml:1:1: store must be file:PATH"},
		{"store: 'file:'", "consentry.yaml:1:1: write the embedded store as file:PATH"},
		{"store: file:///data/x.db", "consentry.yaml:1:1: write the embedded store as file:PATH"},
		{"store: postgres://u:hunter2@db/x", `consentry.yaml:1:1: a Redis is not reached by "postgres://"; write redis, redis+sentinel`},
		{"store: redis://:hunter2@", "consentry.yaml:1:1: the Redis address has no host"},
		{"store: 'redis://:hunter2@h:x y'", "consentry.yaml:1:1: a Redis host cannot be read; write HOST:PORT"},
		{"store: 'unix:'", "consentry.yaml:1:1: store must be file:PATH"},
		{"store: unix://u:hunter2@", "consentry.yaml:1:1: the Redis socket has no path; write unix:///"},
		{"store: redis+sentinel://u:hunter2@a,b,c", "consentry.yaml:1:1: the address of the Sentinels lacks the name"},
		{"store: redis+cluster://u:hunter2@a,b,c/2", "consentry.yaml:1:1: a Redis Cluster has one database only"},
		{"require: often", "consentry.yaml:1:1: require must be durable, everysec or any"},
		{"require: everysec", "consentry.yaml:1:1: warning: the embedded store always is durable"},
		{"sites: ../sites", "consentry.yaml:1:1: sites must be a folder below"},
		{"sites: ''", "consentry.yaml:1:1: sites is empty"},
		{"trusted_proxies: [::/0]", "consentry.yaml:1:19: ::/0 trusts everybody"},
		{"trusted_proxies:\n  - 10.0.0.0/8\n  - 10.0.0.0/33", `consentry.yaml:3:5: "10.0.0.0/33" is neither`},
		{"rate_limit: {per_minute: -1}", "consentry.yaml:1:14: per_minute must be 0"},
		{"outbox: {limit_mb: 0}", "consentry.yaml:1:10: limit_mb must be between 1 and 65536"},
		{"outbox: {first: never}", "consentry.yaml:1:10: outbox.first must be auto or always"},
		{"timeouts:\n  idle: 0s", "consentry.yaml:2:3: idle must be between 1s and 10m"},
		{"openid: {issuer: https://login.example, client_id: x, address: https://desk.example}", "consentry.yaml:1:1: client_secret_file is empty"},
		{"openid: {issuer: http://login.example, client_id: x, client_secret_file: s, address: https://desk.example}", "consentry.yaml:1:10: issuer must be an https address"},
		{"openid: {issuer: https://login.example, client_id: x, client_secret_file: s, address: https://desk.example/admin}", "consentry.yaml:1:"},
		{"log: {level: loud}", "consentry.yaml:1:7: log.level must be debug, info, warn or error"},
		{"listen: [", "consentry.yaml:1:"},
	}
	for _, c := range cases {
		var all []string
		for _, p := range loadText(t, c.file) {
			all = append(all, p.String())
		}
		text := strings.Join(all, "\n")
		if !strings.HasPrefix(text, c.want) || len(all) != 1 {
			t.Errorf("%q gives\n%s\nwant one problem that begins with\n%s", c.file, text, c.want)
		}
		if strings.Contains(text, "hunter2") {
			t.Errorf("%q gives away the password", c.file)
		}
	}
}

// What is right is taken as it is.
func TestServerFileValues(t *testing.T) {
	for _, file := range []string{
		"", "# only a comment", "store: redis://user:p%40ss@redis.example:6379/1", "store: rediss://h:1", "store: unix:///run/redis.sock?db=0",
		"store: redis+sentinel://u:p@a:1,b:2,c/shop/1", "store: rediss+cluster://a,b,c",
		"listen: '[::1]:8080'", "rate_limit: {per_minute: 0}", "sites: ./sites/",
	} {
		if problems := loadText(t, file); len(problems) > 0 {
			t.Errorf("%q: %v", file, problems)
		}
	}
	dir := t.TempDir()
	text := "trusted_proxies: [127.0.0.1, '::ffff:10.0.0.1', 192.168.7.9/16]\nrate_limit: {per_minute: 0}\nstore: file:/var/lib/x.db"
	if err := os.WriteFile(filepath.Join(dir, configFile), []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	config, problems := loadServerConfig(dir)
	if len(problems) > 0 {
		t.Fatal(problems)
	}
	var proxies []string
	for _, p := range config.Proxies() {
		proxies = append(proxies, p.String())
	}
	if got := strings.Join(proxies, " "); got != "127.0.0.1/32 10.0.0.1/32 192.168.0.0/16" {
		t.Errorf("the proxies are %s", got)
	}
	if path, ok := config.StoreFile(); !ok || path != "/var/lib/x.db" {
		t.Errorf("the store is %s, %v", path, ok)
	}
	if config.KeysPath() != filepath.Join(dir, "keys.json") || config.RateLimit.PerMinute != 0 || config.RateLimit.Burst != 60 {
		t.Errorf("%+v", config)
	}
}

func loadText(t *testing.T, text string) []siteconfig.Problem {
	t.Helper()
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, configFile), []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	_, problems := loadServerConfig(dir)
	return problems
}

// The lines for Traefik are YAML with the routes, services and transports that
// refer to each other.
func TestTraefikLinesHoldTogether(t *testing.T) {
	for _, mode := range []consent.Mode{consent.ModePath, consent.ModeSubdomain, consent.ModeRemote} {
		text := printed(t, inMode(shopSite("https://shop.example"), mode), ":8080", "traefik.yaml.tmpl")
		var file struct {
			HTTP struct {
				Routers  map[string]struct{ Rule, Service string }
				Services map[string]struct {
					LoadBalancer struct {
						ServersTransport string `yaml:"serversTransport"`
						Servers          []struct{ URL string }
					} `yaml:"loadBalancer"`
				}
				ServersTransports map[string]struct {
					ForwardingTimeouts struct {
						DialTimeout string `yaml:"dialTimeout"`
					} `yaml:"forwardingTimeouts"`
				} `yaml:"serversTransports"`
			}
		}
		if err := yaml.NewDecoder(bytes.NewReader([]byte(text))).Decode(&file); err != nil {
			t.Fatalf("%s: %v\n%s", mode, err, text)
		}
		if len(file.HTTP.Routers) != 2 {
			t.Errorf("%s: %d routers", mode, len(file.HTTP.Routers))
		}
		for name, router := range file.HTTP.Routers {
			service := file.HTTP.Services[router.Service].LoadBalancer
			if len(service.Servers) != 1 || service.Servers[0].URL != "http://127.0.0.1:8080" {
				t.Errorf("%s: router %s leads to %+v", mode, name, service)
			}
			if file.HTTP.ServersTransports[service.ServersTransport].ForwardingTimeouts.DialTimeout != "1s" {
				t.Errorf("%s: router %s waits longer than a second to connect", mode, name)
			}
		}
	}
}

// The manual shows the permissions that the store's tests run under.
func TestTheManualShowsTheRedisUser(t *testing.T) {
	text, err := describeServer()
	if err != nil {
		t.Fatal(err)
	}
	if one := strings.Join(strings.Fields(text), " "); !strings.Contains(one, "ACL SETUSER consentry on >PASSWORD "+redisstore.ACL) {
		t.Errorf("the manual does not show\n%s", redisstore.ACL)
	}
}
