// Package siteconfig turns configuration files into what the program works
// with: site files and the catalogue of services into consent.Site values, and
// any YAML file into any struct, strictly and with positions.
//
// It is the only door to go-yaml and jsonschema. It never guesses: an unknown
// field, a duplicate key or a value of another type is a problem with file,
// line and column, and all problems of a file are reported at once. It writes
// nothing, opens no connection and reads only the file systems handed to it.
package siteconfig
