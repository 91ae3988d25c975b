package dashboard

import (
	"net/http"
	"strings"

	"github.com/labstack/echo/v4"

	"github.com/consentry/consentry/templates"
)

// asksForPart is in a request by which a page that is open changes its main part.
// https://htmx.org/reference/#request_headers
const (
	asksForPart = "HX-Request"
	goTo        = "HX-Redirect" // in an answer: the whole page goes there
)

// figuresFrame begins a page of figures, which runs the dashboard's script and
// speaks to the dashboard.
func figuresFrame(c echo.Context) templates.Frame {
	h := c.Response().Header()
	h.Set("Content-Security-Policy", h.Get("Content-Security-Policy")+"; script-src 'nonce-"+nonce(c)+"'; connect-src 'self'")
	h.Add("Vary", asksForPart)
	return templates.Frame{Nonce: nonce(c), Viewer: frame(c), Part: isPart(c)}
}

func isPart(c echo.Context) bool { return c.Request().Header.Get(asksForPart) != "" }

// toLogin sends who has no session to the door: the whole page, not a part of it.
func toLogin(c echo.Context) error {
	if isPart(c) {
		c.Response().Header().Set(goTo, "/admin/login")
		return c.NoContent(http.StatusUnauthorized)
	}
	return c.Redirect(http.StatusSeeOther, "/admin/login")
}

// getScript gives the pages' script to anybody: it holds no figure. Its address is
// never used for another one.
func getScript(c echo.Context) error {
	script := templates.Script()
	if c.Param("name") != script.Name {
		return refuse(http.StatusNotFound, ErrScript)
	}
	h := c.Response().Header()
	h.Set("Cache-Control", "public, max-age=31536000, immutable")
	h.Set("Vary", "Accept-Encoding")
	if takesGzip(c.Request().Header.Get("Accept-Encoding")) {
		h.Set("Content-Encoding", "gzip")
		return c.Blob(http.StatusOK, "text/javascript; charset=utf-8", script.Zipped)
	}
	return c.Blob(http.StatusOK, "text/javascript; charset=utf-8", script.Plain)
}

// takesGzip reads Accept-Encoding as browsers send it; who names a quality gets the
// script plain.
func takesGzip(accepts string) bool {
	for coding := range strings.SplitSeq(accepts, ",") {
		if strings.TrimSpace(coding) == "gzip" {
			return true
		}
	}
	return false
}
