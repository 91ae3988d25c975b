package api

import (
	"net/http"
	"strings"

	"github.com/labstack/echo/v4"

	"github.com/consentry/consentry/internal/consent"
	"github.com/consentry/consentry/internal/translog"
)

const (
	fewSeconds = "public, max-age=5" // C2SP tlog-tiles: checkpoints are not cached beyond a few seconds
	fewMinutes = "public, max-age=300"
)

// transparency finds the log, of a site that shows it, that a route is about: the
// first, or a further one by its number.
func (a *API) transparency(c echo.Context) (*translog.Log, error) {
	s := siteOf(c)
	if s.PrivateLog || a.Transparency == nil {
		return nil, echo.ErrNotFound
	}
	name := s.ID
	if number := c.Param("log"); number != "" {
		name += "~" + number
		if owner, n := consent.LogOf(name); n == 0 || owner != s.ID {
			return nil, echo.ErrNotFound
		}
	}
	if l := a.Transparency(name); l != nil {
		return l, nil
	}
	return nil, echo.ErrNotFound
}

func (a *API) getCheckpoint(c echo.Context) error {
	l, err := a.transparency(c)
	if err != nil {
		return err
	}
	raw, err := l.Checkpoint(c.Request().Context())
	if err != nil {
		return err
	}
	return publish(c, fewSeconds, echo.MIMETextPlainCharsetUTF8, raw)
}

// getLogKey serves the log's public keys, the newest first, one a line.
func (a *API) getLogKey(c echo.Context) error {
	l, err := a.transparency(c)
	if err != nil {
		return err
	}
	keys, err := l.VerifierKeys(c.Request().Context())
	if err != nil {
		return err
	}
	return publish(c, fewMinutes, echo.MIMETextPlainCharsetUTF8, []byte(strings.Join(keys, "\n")+"\n"))
}

func (a *API) getTile(c echo.Context) error {
	l, err := a.transparency(c)
	if err != nil {
		return err
	}
	tile, err := l.Tile(c.Request().Context(), "tile/"+c.Param("*"))
	if err != nil {
		return err
	}
	return publish(c, immutable, echo.MIMEOctetStream, tile)
}

// publish writes what everybody may read from anywhere: nothing of a visitor is
// in it.
func publish(c echo.Context, cache, media string, body []byte) error {
	h := c.Response().Header()
	delete(h, echo.HeaderXRequestID) // a cache would repeat it
	setHeader(h, "Cache-Control", cache)
	setHeader(h, "X-Content-Type-Options", "nosniff")
	setHeader(h, "Cross-Origin-Resource-Policy", "cross-origin")
	setHeader(h, "Access-Control-Allow-Origin", "*")
	return c.Blob(http.StatusOK, media, body)
}
