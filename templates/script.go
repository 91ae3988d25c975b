package templates

import (
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"encoding/hex"
	"sync"

	"github.com/consentry/consentry/static"
)

// PageScript is what the pages of figures run: charts, filters that change a part of
// the page, and the live view. Without it they are whole pages with tables.
type PageScript struct {
	Name   string // changes with what it holds, so that a browser may keep it for good
	Plain  []byte
	Zipped []byte // gzip
}

// Address is where pages ask for it.
func (s PageScript) Address() string { return "/admin/script/" + s.Name }

// Script is the one that belongs to these pages. It is made once.
var Script = sync.OnceValue(func() PageScript {
	plain, _ := static.Dashboard()
	sum := sha256.Sum256(plain)
	var zipped bytes.Buffer
	w, _ := gzip.NewWriterLevel(&zipped, gzip.BestCompression) // the level is valid
	_, _ = w.Write(plain)                                      // into memory
	_ = w.Close()
	return PageScript{Name: hex.EncodeToString(sum[:8]) + ".js", Plain: plain, Zipped: zipped.Bytes()}
})

// chartCSS is the style of the charts' own elements.
func chartCSS() string {
	_, style := static.Dashboard()
	return style
}
