package server

import (
	"crypto/rand"
	"encoding/base64"
	"fmt"
	"log/slog"
	"net/http"
	"runtime/debug"
	"strings"
	"time"

	"github.com/labstack/echo/v4"
)

// requestID names a request in its answer and its log line. One that a client
// sends is not taken over: it could carry anything.
func requestID(next echo.HandlerFunc) echo.HandlerFunc {
	return func(c echo.Context) error {
		var b [9]byte
		_, _ = rand.Read(b[:]) // never fails since Go 1.24
		c.Response().Header()[echo.HeaderXRequestID] = []string{base64.RawURLEncoding.EncodeToString(b[:])}
		return next(c)
	}
}

// access turns errors into answers and writes one line and one observation a
// request. Health checks and static scripts are logged at debug level.
func (s *Server) access(now func() time.Time, listener string) echo.MiddlewareFunc {
	return func(next echo.HandlerFunc) echo.HandlerFunc {
		return func(c echo.Context) error {
			start := now()
			err := next(c)
			if err != nil {
				c.Error(err)
			}
			took := now().Sub(start)
			status := c.Response().Status
			s.Metrics.observe(listener, c.Request().Method, c.Path(), status, took)
			level := levelOf(c.Request().Method, status)
			ctx := c.Request().Context()
			if !s.log.Enabled(ctx, level) {
				return nil
			}
			attrs := []slog.Attr{
				slog.String("listener", listener), slog.String("method", method(c.Request().Method)), slog.String("route", c.Path()),
				slog.Int("status", status), slog.Duration("took", took.Round(time.Microsecond)),
				slog.String("request", c.Response().Header().Get(echo.HeaderXRequestID)),
			}
			if err != nil && status >= http.StatusInternalServerError {
				attrs = append(attrs, slog.String("error", withoutPeer(err, c.Request())))
			}
			s.log.LogAttrs(ctx, level, "request", attrs...)
			return nil
		}
	}
}

// withoutPeer keeps the visitor's address out of what is logged of an error: those of
// a connection name both of its ends.
func withoutPeer(err error, r *http.Request) string {
	if r.RemoteAddr == "" {
		return err.Error()
	}
	return strings.ReplaceAll(err.Error(), r.RemoteAddr, "the peer")
}

func levelOf(verb string, status int) slog.Level {
	switch {
	case status >= http.StatusInternalServerError:
		return slog.LevelError
	case verb == http.MethodGet || verb == http.MethodHead:
		return slog.LevelDebug
	}
	return slog.LevelInfo
}

// method keeps a client's invented verbs out of logs and metrics.
func method(verb string) string {
	switch verb {
	case http.MethodGet, http.MethodHead, http.MethodPost, http.MethodOptions, http.MethodPut, http.MethodDelete, http.MethodPatch:
		return verb
	}
	return "other"
}

// recoverPanics answers 500 for a panic and keeps the server running.
func recoverPanics(next echo.HandlerFunc) echo.HandlerFunc {
	return func(c echo.Context) (err error) {
		defer func() {
			if r := recover(); r != nil {
				if r == http.ErrAbortHandler { //nolint:errorlint // net/http compares so
					panic(r)
				}
				err = fmt.Errorf("panic: %v\n%s", r, debug.Stack())
			}
		}()
		return next(c)
	}
}

const (
	maxJSON = 4 << 10
	maxForm = 16 << 10
)

// capBody lets no handler read more than 4 KB of JSON or 16 KB of a form.
func capBody(next echo.HandlerFunc) echo.HandlerFunc {
	return func(c echo.Context) error {
		r := c.Request()
		limit := int64(maxJSON)
		if strings.HasPrefix(r.Header.Get("Content-Type"), "application/x-www-form-urlencoded") {
			limit = maxForm
		}
		if r.ContentLength > limit {
			limit = 0 // none of it is read
		}
		if r.Body != nil && r.ContentLength != 0 {
			r.Body = http.MaxBytesReader(c.Response(), r.Body, limit)
		}
		return next(c)
	}
}
