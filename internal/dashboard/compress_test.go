package dashboard_test

import (
	"compress/gzip"
	"io"
	"net/http"
	"regexp"
	"strings"
	"testing"
)

var pageNonce = regexp.MustCompile(`nonce="[A-Za-z0-9_-]{43}"`) // another one in every answer

// Pages and files come as gzip to who takes it, and are the same when opened; a short
// answer, one that has no body, and one to who takes none come as they are.
func TestPagesAreCompressed(t *testing.T) {
	d := newDesk(t)
	d.in()
	takes := func(path, encodings string) answer {
		return d.do(http.MethodGet, path, nil, map[string]string{"Accept-Encoding": encodings})
	}
	for _, path := range []string{"/admin/requests", "/admin/sites/shop/rates.csv", "/admin/sites/shop/rates.json", "/api/v1/openapi.json"} {
		plain, zipped := takes(path, "identity"), takes(path, "gzip, deflate, br")
		r, err := gzip.NewReader(strings.NewReader(zipped.body))
		if err != nil {
			t.Errorf("%s: %v, %v", path, err, zipped.header)
			continue
		}
		opened, err := io.ReadAll(r)
		if err != nil || pageNonce.ReplaceAllString(string(opened), "") != pageNonce.ReplaceAllString(plain.body, "") || plain.status != http.StatusOK || zipped.status != http.StatusOK {
			t.Errorf("%s: %d and %d; %d bytes opened, %d plain, %v", path, plain.status, zipped.status, len(opened), len(plain.body), err)
		}
		if got := zipped.header; got.Get("Content-Encoding") != "gzip" || got.Get("Vary") != "Accept-Encoding" || 2*len(zipped.body) > len(plain.body) {
			t.Errorf("%s: %d bytes of %d, %v", path, len(zipped.body), len(plain.body), got)
		}
		if got := plain.header; got.Get("Content-Encoding") != "" || got.Get("Vary") != "Accept-Encoding" {
			t.Errorf("%s: %v", path, got)
		}
	}
	for path, status := range map[string]int{"/admin": http.StatusSeeOther, "/admin/sites/nowhere": http.StatusNotFound, "/api/v1/sites": http.StatusUnauthorized} {
		if a := takes(path, "gzip"); a.status != status || a.header.Get("Content-Encoding") != "" {
			t.Errorf("%s: %d, %v", path, a.status, a.header)
		}
	}
}
