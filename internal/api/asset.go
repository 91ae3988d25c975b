package api

import (
	"bytes"
	"compress/gzip"
	"net/http"
	"strconv"
	"strings"
	"sync"

	"github.com/andybalholm/brotli"
	"github.com/labstack/echo/v4"

	"github.com/consentry/consentry/internal/consent"
)

// asset is bytes that many visitors fetch: compressed once, compared by digest.
type asset struct {
	digest string
	etag   string
	plain  []byte

	once         sync.Once
	brotli, gzip []byte
}

func newAsset(body []byte) *asset {
	digest := consent.Digest(body)
	return &asset{digest: digest, etag: `"` + digest[:16] + `"`, plain: body}
}

// compress runs when the first visitor asks, at the strongest level.
func (a *asset) compress() {
	a.once.Do(func() {
		var b, g bytes.Buffer
		bw := brotli.NewWriterLevel(&b, brotli.BestCompression)
		_, _ = bw.Write(a.plain) // a bytes.Buffer takes everything
		_ = bw.Close()
		gw, _ := gzip.NewWriterLevel(&g, gzip.BestCompression) // the level is valid
		_, _ = gw.Write(a.plain)
		_ = gw.Close()
		a.brotli, a.gzip = b.Bytes(), g.Bytes()
	})
}

const (
	immutable  = "public, max-age=31536000, immutable"
	shortLife  = "public, max-age=300, stale-while-revalidate=86400"
	perVisitor = "private, no-cache" // the answer depends on who asks
	noStore    = "private, no-store"
)

// serve writes a script, or 304 when the browser has it.
func (a *asset) serve(c echo.Context, cache string) error {
	s, r := siteOf(c), c.Request()
	h := c.Response().Header()
	// A cache would repeat one request's id to everybody. Without it eight headers
	// are left, which is also what a Go map holds before it grows.
	delete(h, echo.HeaderXRequestID)
	setHeader(h, "Cache-Control", cache)
	setHeader(h, "Etag", a.etag)
	if cache == perVisitor {
		setHeader(h, "Vary", "Accept-Encoding, Sec-GPC")
	} else {
		setHeader(h, "Vary", "Accept-Encoding")
	}
	setHeader(h, "X-Content-Type-Options", "nosniff")
	if s.Deployment.Mode == consent.ModePath {
		setHeader(h, "Cross-Origin-Resource-Policy", "same-origin")
	} else {
		setHeader(h, "Cross-Origin-Resource-Policy", "cross-origin")
		setHeader(h, "Access-Control-Allow-Origin", "*") // SRI needs CORS; a script holds nothing of a visitor
	}
	if matches(r.Header.Get("If-None-Match"), a.etag) {
		c.Response().WriteHeader(http.StatusNotModified)
		return nil
	}
	a.compress()
	body := a.plain
	switch accepts := r.Header.Get("Accept-Encoding"); {
	case acceptsCoding(accepts, "br"):
		body = a.brotli
		setHeader(h, "Content-Encoding", "br")
	case acceptsCoding(accepts, "gzip"):
		body = a.gzip
		setHeader(h, "Content-Encoding", "gzip")
	}
	setHeader(h, "Content-Type", "text/javascript; charset=utf-8")
	setHeader(h, "Content-Length", strconv.Itoa(len(body)))
	c.Response().WriteHeader(http.StatusOK)
	_, err := c.Response().Write(body)
	return err
}

// setHeader sets a header whose name is in canonical form already.
func setHeader(h http.Header, name, value string) { h[name] = []string{value} }

func matches(ifNoneMatch, etag string) bool {
	for candidate := range strings.SplitSeq(ifNoneMatch, ",") {
		candidate = strings.TrimPrefix(strings.TrimSpace(candidate), "W/")
		if candidate == etag || candidate == "*" {
			return true
		}
	}
	return false
}

// acceptsCoding reads Accept-Encoding as far as it matters: a coding that is
// named and not refused with q=0.
func acceptsCoding(header, coding string) bool {
	for part := range strings.SplitSeq(header, ",") {
		name, q, _ := strings.Cut(strings.TrimSpace(part), ";")
		if strings.EqualFold(strings.TrimSpace(name), coding) {
			q = strings.ToLower(strings.TrimSpace(q))
			return q != "q=0" && q != "q=0.0" && q != "q=0.00" && q != "q=0.000"
		}
	}
	return false
}
