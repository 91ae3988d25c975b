package main

import (
	"context"
	"fmt"

	"github.com/consentry/consentry/internal/consent"
	"github.com/consentry/consentry/internal/outbox"
)

// promising is a store that takes records only while it promises what the
// configuration requires: whoever runs Redis may change that at any time.
type promising struct {
	remote
	require string // of ServerConfig
}

// remote is a store on other machines.
type remote interface {
	outbox.Ordered
	outbox.Renewing
}

// Health adds to the store's own errors the promise that is too weak.
func (p promising) Health(ctx context.Context) (consent.Durability, error) {
	promise, err := p.remote.Health(ctx)
	if err == nil && weaker(promise, p.require) {
		err = fmt.Errorf("%w: %s", consent.ErrUnavailable, p.advice(promise))
	}
	return promise, err
}

// advice says what to change for the promise to suffice.
func (p promising) advice(promise consent.Durability) string {
	if promise == consent.Unstated {
		return fmt.Sprintf("this Redis does not say what it keeps, because it forbids CONFIG GET: allow its user +config|get, or, when you know "+
			"that it keeps what it acknowledges, write declare: %s in %s", p.require, configFile)
	}
	settings := "appendonly yes, appendfsync everysec or always"
	if p.require == "durable" {
		settings = "appendonly yes, appendfsync always"
	}
	return fmt.Sprintf("this Redis promises %q and require asks for %q: set %s, no-appendfsync-on-rewrite no and "+
		"maxmemory-policy noeviction in Redis, or lower require in %s", promise, p.require, settings, configFile)
}

func (p promising) Append(ctx context.Context, e consent.Entry) (consent.Stored, bool, error) {
	if _, err := p.Health(ctx); err != nil {
		return consent.Stored{}, false, err
	}
	return p.remote.Append(ctx, e)
}

// AppendInOrder is how the outbox hands over what has waited.
func (p promising) AppendInOrder(ctx context.Context, entries []consent.Entry) ([]consent.Stored, []bool, error) {
	if _, err := p.Health(ctx); err != nil {
		return nil, nil, err
	}
	return p.remote.AppendInOrder(ctx, entries)
}

func weaker(promise consent.Durability, required string) bool {
	switch required {
	case "durable":
		return promise != consent.Durable
	case "everysec":
		return promise != consent.Durable && promise != consent.EverySec
	}
	return false
}
