package templates

import (
	"net/url"

	"github.com/consentry/consentry/internal/consent"
)

// UnlistedPage shows what a site's pages have shown and its file does not list, and
// lists it.
type UnlistedPage struct {
	Nonce      string
	Viewer     Viewer
	ID, Name   string
	File       string // the site's file
	Reports    bool   // the gate is in mode report
	Categories []string
	Rows       []UnlistedRow
	Own        *OwnService // the form of one that is in no catalogue, nil when it is not asked for
	Problem    string      // why nothing was listed
	Lines      string      // to take into the file by hand, "" when it need not be
}

// UnlistedRow is something that was seen, and whose it may be.
type UnlistedRow struct {
	consent.Sighting
	Matches []ServiceMatch
}

// ServiceMatch is a service of the catalogue.
type ServiceMatch struct{ ID, Name, Category string }

// OwnService is what an owner says about a service that is in no catalogue.
type OwnService struct {
	Seen     consent.Sighting
	ID       string // in the file
	Category string
	Service  string // as visitors know it
	Company  string
	Country  string
	Policy   string // address
	Purpose  string // of a cookie or of storage, as Duration and Kept
	Duration string
	Kept     string // cookie, local, session or indexeddb
}

func (p *UnlistedPage) address() string { return "/admin/sites/" + p.ID + "/unlisted" }

// form is where a service of its own is spelled out.
func (p *UnlistedPage) form(r UnlistedRow) string {
	return p.address() + "?" + url.Values{"kind": {r.Kind}, "name": {r.Sighting.Name}}.Encode() + "#own"
}
