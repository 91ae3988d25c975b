package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"os"
	"os/signal"
	"path/filepath"
	"syscall"
	"time"

	"github.com/spf13/cobra"

	"github.com/consentry/consentry/internal/consent"
	"github.com/consentry/consentry/internal/demo"
)

const demoLong = `Opens a small shop on this machine, with Consentry in front of its tags.

Its pages carry the vendors' own snippets in marked form; stand-ins on this
machine play the vendors, so nothing leaves it. A panel in the page shows which
tags ran and which are held. Everything is kept in --dir; delete it to start anew.
Other commands work on it as well: consentry verify --config .demo`

// demoFile is the demo's server file, with the dashboard's address. What other commands
// read is what the demo runs with.
const demoFile = `# Written anew at each start of the demo.
listen: 127.0.0.1:0
admin_listen: %s
trusted_proxies: [127.0.0.1/32, "::1/128"]
retention: {standard: 910d}
log: {level: warn}
`

// demoPrefix is where the demo shop proxies Consentry, as its site file says.
const demoPrefix = "/privacy"

func newDemo(env environment) *cobra.Command {
	var dir, listen string
	cmd := &cobra.Command{
		Use: "demo", Short: "Open a demo shop on this machine", Long: demoLong, GroupID: groupStart,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			ctx, stop := signal.NotifyContext(cmd.Context(), os.Interrupt, syscall.SIGTERM)
			defer stop()
			return runDemo(ctx, env, dir, listen)
		},
	}
	cmd.Flags().StringVar(&dir, "dir", ".demo", "folder for the demo's settings, keys and store")
	cmd.Flags().StringVar(&listen, "listen", "127.0.0.1:8080", "address of the shop; port 0 takes free ones for everything")
	return cmd
}

// demoAddresses are the listeners of a demo: the shop's visitors know the first
// two only.
type demoAddresses struct {
	shop, vendors net.Listener
	admin         string
}

func runDemo(ctx context.Context, env environment, dir, listen string) error {
	at, err := demoListen(ctx, listen)
	if err != nil {
		return err
	}
	config, err := demoConfig(env, dir, at)
	if err != nil {
		return err
	}
	vendors := &http.Server{Handler: demo.Vendors(), ReadHeaderTimeout: 5 * time.Second}
	shop := &http.Server{ReadHeaderTimeout: 5 * time.Second}
	defer func() { _, _ = vendors.Close(), shop.Close() }()
	return serve(ctx, env, config, func(now running) {
		shop.Handler = demo.Shop(demo.Options{
			Upstream: &url.URL{Scheme: "http", Host: now.Public}, Prefix: demoPrefix,
			VendorBase: "http://" + at.vendors.Addr().String(), Dashboard: "http://" + now.Admin + "/admin/",
			Log: newLogger(env.stderr, config.Log),
		})
		go func() { _ = vendors.Serve(at.vendors) }() // ends when it is closed
		go func() { _ = shop.Serve(at.shop) }()
		fmt.Fprintf(env.stdout, "shop: %s/\nvendors: http://%s/\ndashboard: http://%s/admin/\nproof: %s verify --config %s\n",
			shopOrigin(at.shop), at.vendors.Addr(), now.Admin, os.Args[0], dir)
	})
}

// shopOrigin is the shop as browsers are to address it. Chromium and Firefox
// treat localhost as secure, and it differs from the vendors' 127.0.0.1.
func shopOrigin(l net.Listener) string {
	return fmt.Sprintf("http://localhost:%d", l.Addr().(*net.TCPAddr).Port)
}

func demoListen(ctx context.Context, listen string) (demoAddresses, error) {
	var lc net.ListenConfig
	shop, err := lc.Listen(ctx, "tcp", listen)
	if err != nil {
		return demoAddresses{}, fmt.Errorf("open the shop: %w; choose another port: --listen 127.0.0.1:8090", err)
	}
	admin := "127.0.0.1:0"
	_, port, _ := net.SplitHostPort(listen)
	if port != "0" {
		admin = fmt.Sprintf("127.0.0.1:%d", shop.Addr().(*net.TCPAddr).Port+1)
	}
	vendors, err := lc.Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return demoAddresses{}, fmt.Errorf("open the vendors' stand-ins: %w", err)
	}
	return demoAddresses{shop: shop, vendors: vendors, admin: admin}, nil
}

// demoConfig makes the demo's folder, or uses the one of an earlier start: its
// keys and store stay, its site file follows the port.
func demoConfig(env environment, dir string, at demoAddresses) (ServerConfig, error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return ServerConfig{}, fmt.Errorf("make the demo's folder: %w", err)
	}
	if err := os.WriteFile(filepath.Join(dir, configFile), fmt.Appendf(nil, demoFile, at.admin), 0o600); err != nil {
		return ServerConfig{}, fmt.Errorf("write the demo's server file: %w", err)
	}
	config, err := serverConfig(dir)
	if err != nil {
		return config, err
	}
	if err := os.MkdirAll(config.SitesDir(), 0o700); err != nil {
		return config, fmt.Errorf("make the folder of the demo's site: %w", err)
	}
	site := filepath.Join(config.SitesDir(), "shop.yaml")
	if err := os.WriteFile(site, demo.SiteFile(shopOrigin(at.shop)), 0o600); err != nil {
		return config, fmt.Errorf("write the demo's site file: %w", err)
	}
	if _, err := os.Stat(config.KeysPath()); !errors.Is(err, os.ErrNotExist) {
		return config, err
	}
	ring, err := consent.NewKeyring(env.random, env.now())
	if err != nil {
		return config, err
	}
	b, err := ring.Format()
	if err != nil {
		return config, err
	}
	return config, os.WriteFile(config.KeysPath(), b, 0o600)
}
