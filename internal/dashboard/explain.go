package dashboard

import (
	"net/http"
	"strings"

	"github.com/labstack/echo/v4"

	"github.com/consentry/consentry/templates"
)

// Explain answers an error by a page, where a browser asks for one of the dashboard's.
// It reports whether it did; everybody else is answered as a program is.
func Explain(c echo.Context, status int, says string) bool {
	if nonce(c) == "" || !strings.Contains(c.Request().Header.Get("Accept"), "text/html") {
		return false
	}
	page := templates.ProblemPage{Nonce: nonce(c), Viewer: frame(c), Says: says, Back: "/admin/", BackTo: "the sites"}
	if site := c.Param("site"); page.Viewer.Name != "" && site != "" && status != http.StatusNotFound {
		page.Back, page.BackTo = "/admin/sites/"+site, "the site"
	}
	return show(c, status, templates.Problem(page)) == nil || c.Response().Committed
}
