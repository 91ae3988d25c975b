// Package openid asks an identity provider who somebody is, by OpenID Connect: the
// authorization code flow with PKCE, state and nonce. It connects to that provider
// and to nobody else, first when somebody signs in; it decides nothing about who may.
package openid

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"sync"
	"time"

	"github.com/coreos/go-oidc/v3/oidc"
	"golang.org/x/oauth2"
)

// patience is how long the provider may take for one answer.
const patience = 10 * time.Second

var (
	// ErrAway is a provider that cannot be asked now.
	ErrAway = errors.New("the identity provider does not answer")
	// ErrRefused is an answer of the provider that proves nobody's address.
	ErrRefused = errors.New("the identity provider vouches for no e-mail address")
)

// Options say which provider. All are needed.
type Options struct {
	Issuer       string // as the provider names itself
	ClientID     string
	ClientSecret string
	Redirect     string // our address to which it sends browsers back
	Now          func() time.Time
}

// Flow is what one sign-in is recognised by when the browser comes back. The
// caller keeps it where only that browser has it.
type Flow struct {
	State    string // random, at least 128 bits, as all of them
	Nonce    string
	Verifier string // of PKCE, 43 to 128 letters, digits, - and _
}

// Provider is one identity provider. Safe for concurrent use.
type Provider struct {
	Options
	client *http.Client

	mu    sync.Mutex
	asked *answer // nil until somebody signs in, and after it was away
}

// New names a provider. It touches nothing.
func New(o Options) *Provider {
	return &Provider{Options: o, client: &http.Client{Timeout: patience}}
}

// Begin returns the provider's address to which a browser goes to sign in. Errors:
// ErrAway.
func (p *Provider) Begin(ctx context.Context, f Flow) (string, error) {
	found, err := p.discover(ctx)
	if err != nil {
		return "", err
	}
	return p.config(found).AuthCodeURL(f.State, oidc.Nonce(f.Nonce), oauth2.S256ChallengeOption(f.Verifier)), nil
}

// Identity is who signed in.
type Identity struct {
	Email   string // that the provider has verified; it may be somebody else's later
	Subject string // of this provider, the same for this person only and always
}

// Finish exchanges the code that a browser brought back for who signed in. Errors:
// ErrAway, ErrRefused.
func (p *Provider) Finish(ctx context.Context, f Flow, code string) (who Identity, err error) {
	found, err := p.discover(ctx)
	if err != nil {
		return who, err
	}
	ctx = oidc.ClientContext(ctx, p.client)
	tokens, err := p.config(found).Exchange(ctx, code, oauth2.VerifierOption(f.Verifier))
	if err != nil {
		return who, exchangeError(err)
	}
	raw, _ := tokens.Extra("id_token").(string)
	id, err := found.VerifierContext(ctx, &oidc.Config{ClientID: p.ClientID, Now: p.Now}).Verify(ctx, raw)
	if err != nil {
		return who, fmt.Errorf("%w: %w", ErrRefused, err)
	}
	if id.Nonce != f.Nonce {
		return who, fmt.Errorf("%w: it answered another sign-in than this", ErrRefused)
	}
	var claims struct {
		Email    string `json:"email"`
		Verified bool   `json:"email_verified"`
	}
	if err := id.Claims(&claims); err != nil || claims.Email == "" || !claims.Verified {
		return who, fmt.Errorf("%w: it is missing or not verified", ErrRefused)
	}
	return Identity{Email: claims.Email, Subject: id.Issuer + " " + id.Subject}, nil
}

// exchangeError tells a provider that cannot be reached from one that refuses. What
// it wrote may name somebody and goes no further than its code.
func exchangeError(err error) error {
	if refused := new(oauth2.RetrieveError); errors.As(err, &refused) {
		return fmt.Errorf("%w: the code was refused: %d %q", ErrRefused, refused.Response.StatusCode, refused.ErrorCode)
	}
	if away := new(url.Error); errors.As(err, &away) {
		return fmt.Errorf("%w: exchange the code: %w", ErrAway, away)
	}
	return fmt.Errorf("%w: exchange the code: no token in the answer", ErrRefused)
}

func (p *Provider) config(found *oidc.Provider) *oauth2.Config {
	return &oauth2.Config{
		ClientID: p.ClientID, ClientSecret: p.ClientSecret, RedirectURL: p.Redirect,
		Endpoint: found.Endpoint(), Scopes: []string{oidc.ScopeOpenID, "email"},
	}
}

// answer is what came of asking the provider for its addresses. It may be read once
// done is closed.
type answer struct {
	done  chan struct{}
	found *oidc.Provider
	err   error
}

// discover asks the provider for its addresses, until it has answered once. All who
// need them at a time wait for the same answer, and who leaves takes it from nobody.
func (p *Provider) discover(ctx context.Context) (*oidc.Provider, error) {
	p.mu.Lock()
	a := p.asked
	if a == nil {
		a = &answer{done: make(chan struct{})}
		p.asked = a
		go p.ask(context.WithoutCancel(ctx), a)
	}
	p.mu.Unlock()
	select {
	case <-a.done:
		return a.found, a.err
	case <-ctx.Done():
		return nil, fmt.Errorf("%w: %w", ErrAway, ctx.Err())
	}
}

// ask takes as long as the client waits, at most.
func (p *Provider) ask(ctx context.Context, a *answer) {
	defer close(a.done)
	a.found, a.err = oidc.NewProvider(oidc.ClientContext(ctx, p.client), p.Issuer)
	if a.err == nil {
		return
	}
	a.err = fmt.Errorf("%w: %w", ErrAway, a.err)
	p.mu.Lock()
	defer p.mu.Unlock()
	p.asked = nil // who comes next asks anew
}
