package demo

import (
	"bytes"
	_ "embed"
)

//go:embed site.yaml
var siteFile []byte

// SiteFile returns the demo's site file for a shop at the given origin.
func SiteFile(origin string) []byte {
	return bytes.ReplaceAll(siteFile, []byte("http://localhost:8080"), []byte(origin))
}
