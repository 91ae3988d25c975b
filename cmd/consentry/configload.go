package main

import (
	"errors"
	"fmt"
	"io/fs"
	"net"
	"net/netip"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"time"

	"github.com/consentry/consentry/internal/consent"
	"github.com/consentry/consentry/internal/redisstore"
	"github.com/consentry/consentry/internal/siteconfig"
)

// defaultConfig is an empty server file: its fields' tags say the defaults.
func defaultConfig() ServerConfig {
	var config ServerConfig
	siteconfig.Read(configFile, []byte("{}"), &config)
	return config
}

// loadServerConfig reads and checks the server file in dir and returns all that
// is wrong with it. The configuration may be used unless siteconfig.Failed says
// otherwise; file names in problems are relative to dir.
func loadServerConfig(dir string) (ServerConfig, []siteconfig.Problem) {
	config := defaultConfig()
	config.dir = dir
	src, err := os.ReadFile(filepath.Join(dir, configFile))
	if errors.Is(err, fs.ErrNotExist) {
		return config, []siteconfig.Problem{{File: configFile,
			Message: "there is no such file; name its folder with --config, or make a new one with: consentry init DIR"}}
	}
	if err != nil {
		return config, []siteconfig.Problem{{File: configFile, Message: err.Error()}}
	}
	doc := siteconfig.Read(configFile, src, &config)
	config.check(doc) // values that could not be read still are the defaults
	return config, doc.Problems()
}

var headerPattern = regexp.MustCompile(`^[A-Za-z0-9-]+$`)

// check holds the values against each other and against what they mean.
func (c *ServerConfig) check(doc *siteconfig.Document) {
	c.checkAddresses(doc)
	c.checkStore(doc)
	c.checkPaths(doc)
	for i, text := range c.TrustedProxies {
		path := fmt.Sprintf("trusted_proxies[%d]", i)
		prefix, err := parseProxy(text)
		if err != nil {
			doc.Fail(path, "%q is neither an address nor a network; write it like 10.0.0.0/8 or 127.0.0.1", text)
		} else if prefix.Bits() == 0 {
			doc.Fail(path, "%s trusts everybody, so that visitors could forge their address; name the proxies' own", text)
		}
	}
	switch {
	case c.CountryHeader == "":
	case !headerPattern.MatchString(c.CountryHeader):
		doc.Fail("country_header", "%q is no header's name; write one such as CF-IPCountry", c.CountryHeader)
	case len(c.TrustedProxies) == 0:
		doc.Warn("country_header", "country_header is believed from trusted_proxies only, and none is declared; add them")
	}
	if c.RegionHeader != "" && !headerPattern.MatchString(c.RegionHeader) {
		doc.Fail("region_header", "%q is no header's name; write one such as CF-Region-Code", c.RegionHeader)
	} else if c.RegionHeader != "" && c.CountryHeader == "" {
		doc.Fail("region_header", "region_header says nothing without country_header; add that")
	}
	if c.RateLimit.PerMinute < 0 {
		doc.Fail("rate_limit.per_minute", "per_minute must be 0 (no limit) or more")
	}
	if c.RateLimit.Burst < 1 {
		doc.Fail("rate_limit.burst", "burst must be at least 1; to switch the limit off write per_minute: 0")
	}
	if c.Outbox.LimitMB < 1 || c.Outbox.LimitMB > 1<<16 {
		doc.Fail("outbox.limit_mb", "limit_mb must be between 1 and %d", 1<<16)
	}
	c.checkTimeouts(doc)
	c.checkAnchors(doc)
	c.checkOpenID(doc)
}

func (c *ServerConfig) checkPaths(doc *siteconfig.Document) {
	for path, value := range map[string]string{"data": c.Data, "keys": c.Keys, "sites": c.Sites} {
		if value == "" {
			doc.Fail(path, "%s is empty; write a path", path)
		}
	}
	if c.Sites = filepath.Clean(c.Sites); !filepath.IsLocal(c.Sites) {
		doc.Fail("sites", "sites must be a folder below that of %s, such as sites", configFile)
	}
}

func (c *ServerConfig) checkAddresses(doc *siteconfig.Document) {
	listenOK := checkAddress(doc, "listen", c.Listen)
	if !checkAddress(doc, "admin_listen", c.AdminListen) {
		return
	}
	if _, port, _ := net.SplitHostPort(c.AdminListen); listenOK && c.Listen == c.AdminListen && port != "0" {
		doc.Fail("admin_listen", "admin_listen is the same as listen; the dashboard needs an address of its own")
		return
	}
	if host, _, _ := net.SplitHostPort(c.AdminListen); !loopback(host) {
		doc.Warn("admin_listen", "the dashboard and metrics can be reached from other machines; protect %s, or write 127.0.0.1:8081", c.AdminListen)
	}
}

func checkAddress(doc *siteconfig.Document, path, address string) bool {
	_, port, err := net.SplitHostPort(address)
	if number, numberErr := strconv.Atoi(port); err != nil || numberErr != nil || number < 0 || number > 65535 {
		doc.Fail(path, "%s must be host:port, such as 127.0.0.1:8080 or :8080", path)
		return false
	}
	return true
}

func loopback(host string) bool {
	ip := net.ParseIP(host)
	return host == "localhost" || ip != nil && ip.IsLoopback()
}

// checkStore never repeats the value, which may hold a password.
func (c *ServerConfig) checkStore(doc *siteconfig.Document) {
	if path, ok := strings.CutPrefix(c.Store, "file:"); ok {
		if path == "" || strings.HasPrefix(path, "//") {
			doc.Fail("store", "write the embedded store as file:PATH, such as file:data/consentry.db")
		}
		if c.Require == "everysec" {
			doc.Warn("require", "the embedded store always is durable; require: durable says the same more plainly")
		}
		return
	}
	if !strings.Contains(c.Store, "://") {
		doc.Fail("store", "store must be file:PATH or the address of a Redis, such as redis://HOST:6379/0")
		return
	}
	if _, err := redisstore.ParseURL(c.Store); err != nil {
		doc.Fail("store", "%v", err)
	}
}

func (c *ServerConfig) checkTimeouts(doc *siteconfig.Document) {
	for name, value := range map[string]siteconfig.Duration{
		"read_header": c.Timeouts.ReadHeader, "read": c.Timeouts.Read, "write": c.Timeouts.Write,
		"idle": c.Timeouts.Idle, "shutdown": c.Timeouts.Shutdown,
	} {
		if value.Std() < time.Second || value.Std() > 10*time.Minute {
			doc.Fail("timeouts."+name, "%s must be between 1s and 10m, not %s", name, value)
		}
	}
}

// parseProxy reads an address or a network.
func parseProxy(text string) (netip.Prefix, error) {
	if address, err := netip.ParseAddr(text); err == nil {
		address = address.Unmap()
		return netip.PrefixFrom(address, address.BitLen()), nil
	}
	prefix, err := netip.ParsePrefix(text)
	return prefix.Masked(), err
}

// Proxies returns the networks of trusted_proxies.
func (c ServerConfig) Proxies() []netip.Prefix {
	var list []netip.Prefix
	for _, text := range c.TrustedProxies {
		if prefix, err := parseProxy(text); err == nil {
			list = append(list, prefix)
		}
	}
	return list
}

// KeysPath, DataDir and SitesDir are the configured paths as this process can
// open them.
func (c ServerConfig) KeysPath() string { return c.resolve(c.Keys) }
func (c ServerConfig) DataDir() string  { return c.resolve(c.Data) }
func (c ServerConfig) SitesDir() string { return c.resolve(c.Sites) }

// AccountsPath is the file that says who may open the dashboard.
func (c ServerConfig) AccountsPath() string { return filepath.Join(c.DataDir(), "accounts.json") }

// StoreFile returns the embedded store's path; ok is false with another store.
func (c ServerConfig) StoreFile() (path string, ok bool) {
	path, ok = strings.CutPrefix(c.Store, "file:")
	return c.resolve(path), ok
}

// Declared returns what declare says, empty for nothing.
func (c ServerConfig) Declared() consent.Durability {
	if c.Declare == "ask" {
		return ""
	}
	return consent.Durability(c.Declare)
}

func (c ServerConfig) resolve(path string) string {
	if filepath.IsAbs(path) {
		return path
	}
	return filepath.Join(c.dir, path)
}

// serverConfig is loadServerConfig for commands that only need it: warnings are
// left to check, errors become one.
func serverConfig(dir string) (ServerConfig, error) {
	config, problems := loadServerConfig(dir)
	if siteconfig.Failed(problems) {
		return config, problemsError{inDir(dir, problems)}
	}
	return config, nil
}

// findSite returns one site by its id. Mistakes in other sites' files do not
// matter.
func findSite(config ServerConfig, id string) (*consent.Site, error) {
	sites, problems := readSites(config)
	var known []string
	for _, site := range sites {
		if site.ID == id {
			return site, nil
		}
		known = append(known, site.ID)
	}
	if siteconfig.Failed(problems) {
		return nil, problemsError{inDir(config.dir, problems)}
	}
	return nil, fmt.Errorf("there is no site %q in %s; known: %s", id, config.SitesDir(), strings.Join(known, ", "))
}
