package api

import (
	"net/http"
	"strings"

	"github.com/labstack/echo/v4"
)

// explanation answers an error of a status with a page in the visitor's language.
type explanation func(c echo.Context, status int) error

const explanationKey = "explanation"

// explained gives a page's route its explanation.
func explained(e explanation) echo.MiddlewareFunc {
	return func(next echo.HandlerFunc) echo.HandlerFunc {
		return func(c echo.Context) error {
			c.Set(explanationKey, e)
			return next(c)
		}
	}
}

// Explain answers an error with a page where a browser asked for one: there is no
// script that would explain an answer of JSON. It reports false when that is for the
// caller to answer.
func Explain(c echo.Context, status int) bool {
	e, ok := c.Get(explanationKey).(explanation)
	if !ok || !strings.Contains(c.Request().Header.Get("Accept"), "text/html") {
		return false
	}
	return e(c, status) == nil || c.Response().Committed
}

// explainReceipt is an explanation: of what keeps a receipt from being shown, or what
// is asked there from being done.
func explainReceipt(c echo.Context, status int) error {
	s := siteOf(c)
	texts := s.Texts[s.pageLocale(c.Request(), c.QueryParam("locale"))]
	switch {
	case c.Request().Method == http.MethodPost:
		return showNothing(c, s, status, texts.RequestFailed)
	case status == http.StatusNotFound, status == http.StatusGone, status == http.StatusBadRequest:
		return showNothing(c, s, status, texts.ReceiptNone)
	}
	return showNothing(c, s, status, texts.PageFailed)
}
