// Package catalogue holds the known services as data: who receives what, what
// is kept in the browser and for how long, written from the vendors' own
// public pages, which each entry names. It has no code that knows a vendor.
package catalogue

import "embed"

// Files are the entries, one YAML list for each kind of service; siteconfig
// reads them.
//
//go:embed *.yaml
var Files embed.FS
