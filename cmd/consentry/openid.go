package main

import (
	"bytes"
	"fmt"
	"net/url"
	"os"
	"time"

	"github.com/consentry/consentry/internal/openid"
	"github.com/consentry/consentry/internal/siteconfig"
)

func (c *ServerConfig) checkOpenID(doc *siteconfig.Document) {
	if c.OpenID == (OpenID{}) {
		return
	}
	for path, value := range map[string]string{"issuer": c.OpenID.Issuer, "client_id": c.OpenID.ClientID, "client_secret_file": c.OpenID.ClientSecretFile, "address": c.OpenID.Address} {
		if value == "" {
			doc.Fail("openid."+path, "%s is empty; an identity provider takes issuer, client_id, client_secret_file and address, or none of them", path)
		}
	}
	for path, value := range map[string]string{"issuer": c.OpenID.Issuer, "address": c.OpenID.Address} {
		if value != "" && !safeAddress(value) {
			doc.Fail("openid."+path, "%s must be an https address such as https://login.example; http works on this machine alone", path)
		}
	}
	if u, err := url.Parse(c.OpenID.Address); err == nil && (u.Path != "" || u.RawQuery != "" || u.Fragment != "") {
		doc.Fail("openid.address", "address is scheme and host only, such as https://desk.example")
	}
}

// safeAddress reports whether nobody on the way can read or change what is sent.
func safeAddress(text string) bool {
	u, err := url.Parse(text)
	return err == nil && u.Host != "" && u.User == nil && (u.Scheme == "https" || u.Scheme == "http" && loopback(u.Hostname()))
}

// openProvider returns the identity provider, nil without one.
func (c ServerConfig) openProvider(now func() time.Time) (*openid.Provider, error) {
	if c.OpenID == (OpenID{}) {
		return nil, nil
	}
	secret, err := os.ReadFile(c.resolve(c.OpenID.ClientSecretFile))
	if err != nil {
		return nil, fmt.Errorf("read openid.client_secret_file: %w", err)
	}
	return openid.New(openid.Options{
		Issuer: c.OpenID.Issuer, ClientID: c.OpenID.ClientID, ClientSecret: string(bytes.TrimSpace(secret)),
		Redirect: c.OpenID.Address + "/admin/openid/callback", Now: now,
	}), nil
}
