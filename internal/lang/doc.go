// Package lang knows languages, not sentences: which of some languages a visitor
// reads, in which direction, and how dates and lengths of time are written. It is
// the door to golang.org/x/text. Dates and units are in cldr.txt, because x/text
// has no interface to them; a language that is not there gets numbers and English.
package lang
