package dashboard

import (
	"strings"

	"github.com/labstack/echo/v4"
	"github.com/labstack/echo/v4/middleware"
)

// compressed sends answers as gzip to who takes it: a page is tables for the most
// part, which shrink to a sixth. The script is compressed already, and an event of
// the live view does not wait for the next one.
//
// An answer's length says nothing about a secret in it to other sites (BREACH): the
// session's cookie does not come with their requests.
func compressed() echo.MiddlewareFunc {
	return middleware.GzipWithConfig(middleware.GzipConfig{
		MinLength: 1024,
		Skipper: func(c echo.Context) bool {
			return strings.HasSuffix(c.Path(), "/script/:name") || strings.HasSuffix(c.Path(), "/live")
		},
	})
}
