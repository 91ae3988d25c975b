package api

import _ "embed"

// openAPI is the wire contract of every route in this package.
//
//go:embed openapi.json
var openAPI []byte
