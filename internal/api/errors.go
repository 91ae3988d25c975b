package api

import (
	"errors"

	"github.com/consentry/consentry/internal/consent"
)

// What a request can be refused for, besides what consent defines. The server
// holds the table from error to status.
var (
	ErrNoSite    = errors.New("no site is configured at this address")
	ErrOrigin    = errors.New("this page may not decide for the site")
	ErrBody      = errors.New("the body is not the JSON that is expected here")
	ErrMediaType = errors.New("the content type must be application/json")
	ErrForm      = errors.New("the form is not complete")
	ErrReceipt   = errors.New("there is no receipt under this link")
	ErrErased    = errors.New("this decision was erased")
	ErrRate      = errors.New("too many requests from this network, try again in half a minute") // of the server's limiter
)

// SupersededError is consent.ErrSuperseded with the rendering to ask with now.
type SupersededError struct{ Rendering string }

func (e *SupersededError) Error() string { return consent.ErrSuperseded.Error() }
func (e *SupersededError) Unwrap() error { return consent.ErrSuperseded }
