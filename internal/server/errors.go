package server

import (
	"context"
	"errors"
	"net"
	"net/http"
	"os"

	"github.com/labstack/echo/v4"

	"github.com/consentry/consentry/internal/api"
	"github.com/consentry/consentry/internal/consent"
	"github.com/consentry/consentry/internal/dashboard"
	"github.com/consentry/consentry/internal/translog"
)

// statuses is the only table from errors to statuses. The first match counts;
// the visitor reads the sentinel's words, the log the chain.
var statuses = []struct {
	is     error
	status int
	code   string
}{
	{consent.ErrSuperseded, http.StatusConflict, "superseded"},
	{consent.ErrInvalid, http.StatusUnprocessableEntity, "invalid"},
	{consent.ErrUnavailable, http.StatusServiceUnavailable, "unavailable"},
	{consent.ErrBusy, http.StatusTooManyRequests, "busy"},
	{consent.ErrNotFound, http.StatusNotFound, "not-found"},
	{api.ErrReceipt, http.StatusNotFound, "not-found"},
	{api.ErrNoSite, http.StatusNotFound, "no-site"},
	{api.ErrErased, http.StatusGone, "erased"},
	{consent.ErrErased, http.StatusGone, "erased"},
	{api.ErrOrigin, http.StatusForbidden, "origin"},
	{api.ErrMediaType, http.StatusUnsupportedMediaType, "media-type"},
	{os.ErrDeadlineExceeded, http.StatusRequestTimeout, "timeout"}, // before what a half-read body or form is otherwise
	{api.ErrBody, http.StatusBadRequest, "body"},
	{api.ErrForm, http.StatusBadRequest, "form"},
	{dashboard.ErrToken, http.StatusUnauthorized, "token"},
	{dashboard.ErrRole, http.StatusForbidden, "role"},
	{dashboard.ErrForeign, http.StatusForbidden, "origin"},
	{dashboard.ErrInsecure, http.StatusForbidden, "insecure"},
	{dashboard.ErrSite, http.StatusNotFound, "no-site"},
	{dashboard.ErrFew, http.StatusNotFound, "few"},
	{dashboard.ErrLink, http.StatusNotFound, "link"},
	{dashboard.ErrPeriod, http.StatusBadRequest, "period"},
	{dashboard.ErrFilter, http.StatusBadRequest, "filter"},
	{translog.ErrNotSigned, http.StatusServiceUnavailable, "not-signed"},
	{api.ErrRate, http.StatusTooManyRequests, "rate"},
	{context.DeadlineExceeded, http.StatusServiceUnavailable, "unavailable"},
	{context.Canceled, 499, "gone"}, // the visitor left; nginx's number for it
}

type errorBody struct {
	Error errorDetail `json:"error"`
}

type errorDetail struct {
	Code      string `json:"code"`
	Message   string `json:"message"`
	Rendering string `json:"rendering,omitempty"`
}

// writeError is the only place that answers an error.
func (s *Server) writeError(err error, c echo.Context) {
	if c.Response().Committed {
		return
	}
	status, detail := classify(err)
	c.Response().Header().Set("Cache-Control", "no-store")
	if c.Request().Method == http.MethodHead {
		_ = c.NoContent(status)
		return
	}
	if api.Explain(c, status) || dashboard.Explain(c, status, detail.Message) {
		return
	}
	_ = c.JSON(status, errorBody{detail}) // the visitor is gone if this fails
}

func classify(err error) (int, errorDetail) {
	var tooLarge *http.MaxBytesError
	if errors.As(err, &tooLarge) {
		return http.StatusRequestEntityTooLarge, errorDetail{Code: "too-large", Message: "the body is larger than this route takes"}
	}
	for _, row := range statuses {
		if errors.Is(err, row.is) {
			detail := errorDetail{Code: row.code, Message: row.is.Error()}
			var superseded *api.SupersededError
			if errors.As(err, &superseded) {
				detail.Rendering = superseded.Rendering
			}
			var asked *echo.HTTPError
			if row.status == http.StatusBadRequest && errors.As(err, &asked) {
				detail.Message, _ = asked.Message.(string) // says how to mend it
			}
			if errors.Is(err, consent.ErrInvalid) {
				detail.Message = err.Error() // names ids of the policy only
			}
			return row.status, detail
		}
	}
	var timeout net.Error
	if errors.As(err, &timeout) && timeout.Timeout() {
		return http.StatusRequestTimeout, errorDetail{Code: "timeout", Message: "the request took too long to arrive"}
	}
	var known *echo.HTTPError
	if errors.As(err, &known) && known.Code == http.StatusNotFound {
		return http.StatusNotFound, errorDetail{Code: "not-found", Message: "there is nothing at this address"}
	}
	if known != nil {
		return known.Code, errorDetail{Code: "http", Message: http.StatusText(known.Code)}
	}
	return http.StatusInternalServerError, errorDetail{Code: "internal", Message: "something went wrong here; the request id finds it in the log"}
}
