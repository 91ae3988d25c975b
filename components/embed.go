// Package components holds the pieces that Consentry puts into somebody else's
// page: the banner and the preferences, each HTML and style for a shadow root.
// What the browser code needs to find is marked with data-do, data-slot,
// data-category, data-service and data-group. The package never says what a
// choice means, holds no script, and writes no style attribute.
package components

import "embed"

// Locales are the sentences that a visitor reads, one file TAG.yaml for each
// language, with the fields of consent.Texts.
//
//go:embed locales/*.yaml
var Locales embed.FS
