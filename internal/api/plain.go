package api

import (
	"bytes"
	"unicode/utf8"

	"github.com/consentry/consentry/internal/consent"
)

// readPlain reads a decision as our own script writes it: without white space, escapes
// or what is not ASCII. It reports false for every other text, of which it has read a
// part then: encoding/json decides about that one.
func readPlain(body []byte, d *consent.Decision) bool {
	p := plain{rest: body}
	seen := 0
	p.object(func(name []byte) {
		bit := p.member(name, d)
		p.odd = p.odd || bit == 0 || seen&bit != 0
		seen |= bit
	})
	return !p.odd && len(p.rest) == 0
}

// member reads a member's value. It returns a bit of its own for each name, 0 for one
// that it does not know.
func (p *plain) member(name []byte, d *consent.Decision) (bit int) {
	switch string(name) {
	case "id":
		d.ID, bit = p.id(), 1<<0
	case "rendering":
		d.Rendering, bit = p.text(), 1<<1
	case "locale":
		d.Locale, bit = p.text(), 1<<2
	case "layout":
		d.Layout, bit = p.text(), 1<<3
	case "surface":
		d.Surface, bit = p.text(), 1<<4
	case "control":
		d.Control, bit = p.text(), 1<<5
	case "layer":
		d.Layer, bit = p.number(), 1<<6
	case "scope":
		d.Scope, bit = consent.Scope(p.text()), 1<<7
	case "categories":
		d.Categories, bit = p.statuses(), 1<<8
	case "services":
		d.Services, bit = p.statuses(), 1<<9
	case "gpc":
		d.GPC, bit = p.truth(), 1<<10
	case "after_ms":
		after := p.number()
		d.AfterMS, bit = &after, 1<<11
	case "sealed":
		d.Sealed, bit = p.text(), 1<<12
	case "ruling":
		d.Ruling, bit = p.text(), 1<<13
	case "dnt":
		d.DNT, bit = p.truth(), 1<<14
	case "webdriver":
		d.WebDriver, bit = p.truth(), 1<<15
	case "untrusted":
		d.Untrusted, bit = p.truth(), 1<<16
	}
	return bit
}

// plain is what is left of a text, and whether it has been found to be odd.
type plain struct {
	rest []byte
	odd  bool
}

// take cuts off what the text has to begin with.
func (p *plain) take(what string) {
	if !p.begins(what) {
		p.odd = true
	}
}

func (p *plain) begins(what string) bool {
	rest, ok := bytes.CutPrefix(p.rest, []byte(what))
	p.rest = rest
	return ok
}

// object reads each member's name and lets its value be read.
func (p *plain) object(value func(name []byte)) {
	p.take("{")
	if p.begins("}") {
		return
	}
	for !p.odd {
		name := p.quoted()
		p.take(":")
		value(name)
		if p.begins("}") {
			return
		}
		p.take(",")
	}
}

func (p *plain) text() string { return string(p.quoted()) }

func (p *plain) quoted() (text []byte) {
	p.take(`"`)
	for i, c := range p.rest {
		switch {
		case c == '"':
			text, p.rest = p.rest[:i], p.rest[i+1:]
			return text
		case c < 0x20 || c == '\\' || c >= utf8.RuneSelf:
			p.odd = true
			return nil
		}
	}
	p.odd = true
	return nil
}

func (p *plain) id() consent.ID {
	id, err := consent.ParseID(p.text())
	p.odd = p.odd || err != nil
	return id
}

// number reads a whole one of at most nine digits.
func (p *plain) number() (n int) {
	digits := 0
	for digits < len(p.rest) && '0' <= p.rest[digits] && p.rest[digits] <= '9' {
		digits++
	}
	if digits == 0 || digits > 9 || p.rest[0] == '0' && digits > 1 {
		p.odd = true
		return 0
	}
	for _, c := range p.rest[:digits] {
		n = 10*n + int(c-'0')
	}
	p.rest = p.rest[digits:]
	return n
}

func (p *plain) truth() bool {
	if p.begins("true") {
		return true
	}
	p.take("false")
	return false
}

func (p *plain) statuses() map[string]consent.Status {
	list := make(map[string]consent.Status)
	p.object(func(name []byte) {
		_, twice := list[string(name)]
		p.odd = p.odd || twice || bytes.ContainsFunc(name, oddInName)
		list[string(name)] = consent.Status(p.text())
	})
	return list
}
