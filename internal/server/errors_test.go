package server

import (
	"context"
	"errors"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"maps"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/labstack/echo/v4"

	"github.com/consentry/consentry/internal/api"
	"github.com/consentry/consentry/internal/consent"
	"github.com/consentry/consentry/internal/translog"
)

// internal are the errors that no visitor's request can end in: they stop the
// program's start, or are answered where they come up.
const internal = 0

var sentinels = map[string]struct {
	err    error
	status int
}{
	"consent.ErrInvalid":     {consent.ErrInvalid, http.StatusUnprocessableEntity},
	"consent.ErrSuperseded":  {consent.ErrSuperseded, http.StatusConflict},
	"consent.ErrErased":      {consent.ErrErased, http.StatusGone},
	"consent.ErrHint":        {consent.ErrHint, internal},
	"consent.ErrKeyring":     {consent.ErrKeyring, internal},
	"consent.ErrID":          {consent.ErrID, internal},
	"consent.ErrNotFound":    {consent.ErrNotFound, http.StatusNotFound},
	"consent.ErrUnavailable": {consent.ErrUnavailable, http.StatusServiceUnavailable},
	"consent.ErrBusy":        {consent.ErrBusy, http.StatusTooManyRequests},
	"consent.ErrConflict":    {consent.ErrConflict, internal},
	"consent.ErrDiffers":     {consent.ErrDiffers, internal},
	"consent.ErrPartial":     {consent.ErrPartial, internal}, // comes with the reason, which has a status
	"consent.ErrRequest":     {consent.ErrRequest, internal},
	"consent.ErrUnnoted":     {consent.ErrUnnoted, internal},
	"consent.ErrAudit":       {consent.ErrAudit, internal},
	"api.ErrNoSite":          {api.ErrNoSite, http.StatusNotFound},
	"api.ErrOrigin":          {api.ErrOrigin, http.StatusForbidden},
	"api.ErrBody":            {api.ErrBody, http.StatusBadRequest},
	"api.ErrMediaType":       {api.ErrMediaType, http.StatusUnsupportedMediaType},
	"api.ErrForm":            {api.ErrForm, http.StatusBadRequest},
	"api.ErrReceipt":         {api.ErrReceipt, http.StatusNotFound},
	"api.ErrErased":          {api.ErrErased, http.StatusGone},
	"api.ErrRoot":            {api.ErrRoot, internal},
	"translog.ErrCheckpoint": {translog.ErrCheckpoint, internal},
	"translog.ErrProof":      {translog.ErrProof, internal},
	"translog.ErrRefused":    {translog.ErrRefused, internal},
	"translog.ErrNotSigned":  {translog.ErrNotSigned, http.StatusServiceUnavailable},
	"api.ErrRate":            {api.ErrRate, http.StatusTooManyRequests},
}

func TestEverySentinelHasItsStatus(t *testing.T) {
	for name, want := range sentinels {
		if want.status == internal {
			want.status = http.StatusInternalServerError
		}
		status, detail := classify(fmt.Errorf("at some place: %w", want.err))
		if status != want.status {
			t.Errorf("%s is %d, want %d", name, status, want.status)
		}
		if strings.Contains(detail.Message, "at some place") && want.err != consent.ErrInvalid {
			t.Errorf("%s shows a visitor where it came up: %q", name, detail.Message)
		}
	}
	for _, row := range statuses {
		if status, detail := classify(row.is); status != row.status || detail.Code != row.code {
			t.Errorf("%v is shadowed by an earlier row: %d %s", row.is, status, detail.Code)
		}
	}
}

// A sentinel that somebody adds has to be given a status here, or a reason why
// it needs none.
func TestNoSentinelIsForgotten(t *testing.T) {
	declared := append(declaredErrors(t, "../consent", "consent"), declaredErrors(t, "../api", "api")...)
	declared = append(declared, declaredErrors(t, "../translog", "translog")...)
	declared = append(declared, declaredErrors(t, ".", "server")...)
	slices.Sort(declared)
	if known := slices.Sorted(maps.Keys(sentinels)); !slices.Equal(declared, known) {
		t.Errorf("declared %q\nknown    %q", declared, known)
	}
}

// declaredErrors lists a package's error variables that this one can name.
func declaredErrors(t *testing.T, dir, name string) []string {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(dir, "*.go"))
	if err != nil {
		t.Fatal(err)
	}
	var found []string
	for _, file := range files {
		if strings.HasSuffix(file, "_test.go") {
			continue
		}
		parsed, err := parser.ParseFile(token.NewFileSet(), file, nil, parser.SkipObjectResolution)
		if err != nil {
			t.Fatal(err)
		}
		for _, declaration := range parsed.Decls {
			if variables, ok := declaration.(*ast.GenDecl); ok && variables.Tok == token.VAR {
				for _, spec := range variables.Specs {
					for _, variable := range spec.(*ast.ValueSpec).Names {
						if strings.HasPrefix(variable.Name, "Err") || name == "server" && strings.HasPrefix(variable.Name, "err") {
							found = append(found, name+"."+variable.Name)
						}
					}
				}
			}
		}
	}
	return found
}

func TestErrorsFromElsewhereHaveTheirStatus(t *testing.T) {
	superseded := fmt.Errorf("decide: %w", &api.SupersededError{Rendering: "now"})
	if status, detail := classify(superseded); status != http.StatusConflict || detail.Rendering != "now" || detail.Code != "superseded" {
		t.Errorf("superseded is %d %+v", status, detail)
	}
	timeout := &net.OpError{Op: "read", Err: os.ErrDeadlineExceeded}
	for name, test := range map[string]struct {
		err    error
		status int
		code   string
	}{
		"a large body":              {fmt.Errorf("read: %w", &http.MaxBytesError{Limit: 1}), 413, "too-large"},
		"a large form":              {fmt.Errorf("%w: %w", api.ErrForm, &http.MaxBytesError{Limit: 1}), 413, "too-large"},
		"a slow body":               {timeout, 408, "timeout"},
		"a slow form":               {fmt.Errorf("%w: %w", api.ErrForm, timeout), 408, "timeout"},
		"a store that is too slow":  {context.DeadlineExceeded, 503, "unavailable"},
		"a store's network timeout": {fmt.Errorf("%w: %w", consent.ErrUnavailable, timeout), 503, "unavailable"},
		"a visitor who left":        {context.Canceled, 499, "gone"},
		"no route":                  {echo.ErrNotFound, 404, "not-found"},
		"another method":            {echo.ErrMethodNotAllowed, 405, "http"},
		"anything else":             {errors.New("disk /var/lib/x is on fire"), 500, "internal"},
	} {
		status, detail := classify(test.err)
		if status != test.status || detail.Code != test.code || detail.Message == "" || strings.Contains(detail.Message, "/var") {
			t.Errorf("%s is %d %+v", name, status, detail)
		}
	}
}
